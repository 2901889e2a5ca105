"""The streams of runs, in PostgreSQL."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from outlast.world import (
    StepKey,
    StreamAnswer,
    StreamBatch,
    StreamPage,
    StreamRead,
    StreamState,
)
from outlast.worlds.planning.streams import (
    Holder,
    KnownStreams,
    Place,
    StreamKey,
    StreamPlan,
    StreamRow,
    WantedStreams,
    WriterRow,
    doomed,
    plan_streams,
    rewound_to,
    wanted_streams,
)
from outlast.worlds.postgres.connecting import Connection
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.encoding import findable
from outlast.worlds.postgres.news import PostgresNews
from outlast.worlds.postgres.queries import load
from outlast.worlds.segments import packed, unpacked

_MOST: Final = 1_024
"""Segments on a page, at most. So many are looked at, also if the page is full before."""


class PostgresStreams:
    """The streams of all runs."""

    def __init__(
        self, schema: str, writing: Connections, reading: Connections, news: PostgresNews
    ) -> None:
        self._schema = schema
        self._queries: Mapping[str, str] = load("streams.sql", schema)
        self._writing = writing
        self._reading = reading
        self._news = news

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        """Write the batch as one transaction."""
        planned = await self._writing.call(lambda connection: self._write(connection, batch))
        if not planned.empty:
            self._news.written(urgent=True)
        return planned.answers

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream."""
        rows = await self._reading.call(
            lambda connection: connection.fetch(
                self._queries["read"],
                findable(request.run_id),
                request.name,
                request.start,
                request.limit,
                _MOST,
            )
        )
        if not rows:
            return None
        first = rows[0]
        row = StreamRow(epoch=first["epoch"], rewinds=msgspec.json.decode(first["rewinds"]))
        segments = [(one[5], one[6], one[7]) for one in rows if one[5] is not None]
        return StreamPage(
            start=first["start"],
            chunks=unpacked(segments, first["start"]),
            tail=first["chunks"],
            epoch=first["epoch"],
            rewound_to=rewound_to(row, request.epoch),
            over=first["over"],
        )

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        """The streams that a run has."""
        rows = await self._reading.call(
            lambda connection: connection.fetch(self._queries["states"], findable(run_id))
        )
        found = [
            StreamState(name=name, chunks=chunks, bytes=size, over=over)
            for name, chunks, size, over in rows
            if name is not None
        ]
        return tuple(found) if rows else None

    async def _write(self, connection: Connection, batch: StreamBatch) -> StreamPlan:
        needs = wanted_streams(batch)
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(self._queries["lock"], self._locks(needs))
            # A statement of its own: it sees what was committed before the locks were had.
            known, numbers = await self._known(connection, needs)
            for key in doomed(batch, known):
                known.places[key] = await self._places(connection, key)
            planned = plan_streams(batch, known)
            if not planned.empty:
                await self._put(connection, planned, numbers)
        return planned

    def _locks(self, needs: WantedStreams) -> list[int]:
        texts = [f"streams of {self._schema}\0{run_id}".encode() for run_id in needs.run_ids]
        digests = [hashlib.blake2b(text, digest_size=8).digest() for text in texts]
        return [int.from_bytes(digest, signed=True) for digest in digests]

    async def _known(
        self, connection: Connection, needs: WantedStreams
    ) -> tuple[KnownStreams, dict[str, int]]:
        (row,) = await connection.fetch(
            self._queries["known"],
            [findable(run_id) for run_id in needs.run_ids],
            [step.run_id for step in needs.steps],
            [step.ref for step in needs.steps],
            [run_id for run_id, _ in needs.writers],
            [mark for _, mark in needs.writers],
            [run_id for run_id, _ in needs.streams],
            [name for _, name in needs.streams],
        )
        holders, steps, writers, streams = map(msgspec.json.decode, row)
        known = KnownStreams(
            runs={run_id: Holder(epoch, held) for run_id, _, epoch, held in holders},
            steps={StepKey(run_id, ref): Holder(epoch, held) for run_id, ref, epoch, held in steps},
            streams={
                (run_id, name): StreamRow(
                    chunks, size, closed_by, epoch, [(at, to) for at, to in rewinds]
                )
                for run_id, name, chunks, size, closed_by, epoch, rewinds in streams
            },
            writers={tuple(one[:3]): WriterRow(*one[3:]) for one in writers},
            places={},
        )
        return known, {run_id: number for run_id, number, *_ in holders}

    async def _places(self, connection: Connection, key: StreamKey) -> list[Place]:
        rows = await connection.fetch(self._queries["places"], *key)
        return [
            Place(number=number, ref=ref, first=first, before=before, count=count, size=size)
            for number, ref, first, before, count, size in rows
        ]

    async def _put(
        self, connection: Connection, planned: StreamPlan, numbers: dict[str, int]
    ) -> None:
        if planned.removed:
            await connection.execute(self._queries["remove"], planned.removed)
        if planned.moved:
            moved = [(number, one.first, one.before) for number, one in planned.moved.items()]
            await connection.execute(self._queries["move"], *_columns(moved, 3))
        await connection.execute(self._queries["put"], *_rows(planned, numbers))


def _rows(planned: StreamPlan, numbers: dict[str, int]) -> list[list[Any]]:
    """The columns of the rows that are written: of streams, of writers, of segments."""
    streams = [
        (
            *(numbers[run_id], name, row.chunks, row.bytes, row.closed_by, row.epoch),
            msgspec.json.encode(row.rewinds).decode(),
        )
        for (run_id, name), row in planned.streams.items()
    ]
    writers = [
        (
            *(numbers[run_id], name, ref, row.epoch, row.dispatched, row.attempt),
            *(row.chunks, row.failed),
        )
        for (run_id, name, ref), row in planned.writers.items()
    ]
    added = [
        (
            *(numbers[run_id], name, place.ref, place.first, place.before, place.count),
            *packed(place.chunks),
        )
        for (run_id, name), place in planned.added
    ]
    return [*_columns(streams, 7), *_columns(writers, 8), *_columns(added, 8)]


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(width)]
