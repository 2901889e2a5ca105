"""The streams of runs, in SQLite."""

import sqlite3
from collections.abc import Iterator
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
from outlast.worlds.segments import Stored, packed, unpacked
from outlast.worlds.sqlite.encoding import json_text
from outlast.worlds.sqlite.queries import load
from outlast.worlds.sqlite.threads import ConnectionThread

_QUERIES: Final = load("streams.sql")
_SMALL: Final = 32_768
"""Bytes; writing more has enough to do to be worth a thread."""


class SqliteStreams:
    """The streams of all runs."""

    def __init__(self, writer: ConnectionThread, reader: ConnectionThread) -> None:
        self._writer = writer
        self._reader = reader

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        """Write the batch as one transaction."""
        size = sum([len(one.data) for part in batch.parts for one in getattr(part, "chunks", ())])
        return await self._writer.promptly(
            lambda connection: _write(connection, batch), small=size <= _SMALL
        )

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream."""
        # Who has read before follows the end, mostly: a few chunks that were just written.
        return await self._reader.promptly(
            lambda connection: _read(connection, request), small=request.epoch is not None
        )

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        """The streams that a run has."""
        rows = await self._reader.call(
            lambda connection: connection.execute(_QUERIES["states"], {"run_id": run_id}).fetchall()
        )
        found = [
            StreamState(name=name, chunks=chunks, bytes=size, over=bool(over))
            for name, chunks, size, over in rows
            if name is not None
        ]
        return tuple(found) if rows else None


def _write(connection: sqlite3.Connection, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
    connection.execute(_QUERIES["begin"])
    known, numbers = _known(connection, wanted_streams(batch))
    known.places.update({key: _places(connection, key) for key in doomed(batch, known)})
    planned = plan_streams(batch, known)
    if planned.empty:
        connection.rollback()
    else:
        _put(connection, planned, numbers)
        connection.execute(_QUERIES["commit"])
    return planned.answers


def _known(
    connection: sqlite3.Connection, needs: WantedStreams
) -> tuple[KnownStreams, dict[str, int]]:
    """What there is of it, and the numbers of the runs. The write lock must be held."""
    steps = {"steps": json_text([[step.run_id, step.ref] for step in needs.steps])}
    marks = {"marks": json_text(needs.writers)}
    holders = _ask(connection, "holders", {"run_ids": json_text(needs.run_ids)})
    writers = {
        (run_id, name, ref): WriterRow(epoch, bool(dispatched), attempt, chunks, bool(failed))
        for run_id, name, ref, epoch, dispatched, attempt, chunks, failed in _ask(
            connection, "writers", marks
        )
    }
    wanted = {*needs.streams, *((run_id, name) for run_id, name, _ in writers)}
    known = KnownStreams(
        runs={run_id: Holder(epoch, bool(held)) for run_id, _, epoch, held in holders},
        steps={
            StepKey(run_id, ref): Holder(epoch, bool(held))
            for run_id, ref, epoch, held in _ask(connection, "step_holders", steps)
        },
        streams={
            (run_id, name): StreamRow(
                chunks, size, closed_by, epoch, [(at, to) for at, to in rewinds]
            )
            for run_id, name, chunks, size, closed_by, epoch, rewinds in _ask(
                connection, "streams", {"streams": json_text(sorted(wanted))}
            )
        },
        writers=writers,
        places={},
    )
    return known, {run_id: number for run_id, number, *_ in holders}


def _places(connection: sqlite3.Connection, key: StreamKey) -> list[Place]:
    rows = _ask(connection, "places", {"run_id": key[0], "name": key[1]})
    return [
        Place(number=number, ref=ref, first=first, before=before, count=count, size=size)
        for number, ref, first, before, count, size in rows
    ]


def _put(connection: sqlite3.Connection, planned: StreamPlan, numbers: dict[str, int]) -> None:
    streams = [
        (
            *(numbers[run_id], name, row.chunks, row.bytes, row.closed_by, row.epoch),
            json_text(row.rewinds),
        )
        for (run_id, name), row in planned.streams.items()
    ]
    connection.executemany(_QUERIES["put_stream"], streams)
    writers = [
        (numbers[run_id], name, ref, *msgspec.structs.astuple(writer))
        for (run_id, name, ref), writer in planned.writers.items()
    ]
    connection.executemany(_QUERIES["put_writer"], writers)
    connection.executemany(_QUERIES["remove"], [(number,) for number in planned.removed])
    connection.executemany(
        _QUERIES["move"],
        [(place.first, place.before, number) for number, place in planned.moved.items()],
    )
    added = [
        (
            *(numbers[run_id], name, place.ref, place.first, place.before, place.count),
            *packed(place.chunks),
        )
        for (run_id, name), place in planned.added
    ]
    connection.executemany(_QUERIES["add"], added)


def _read(connection: sqlite3.Connection, request: StreamRead) -> StreamPage | None:
    connection.execute(_QUERIES["look"])
    try:
        return _page(connection, request)
    finally:
        connection.execute(_QUERIES["commit"])


def _page(connection: sqlite3.Connection, request: StreamRead) -> StreamPage | None:
    wish = {"run_id": request.run_id, "name": request.name, "start": request.start}
    stand = connection.execute(_QUERIES["stand"], wish).fetchone()
    if stand is None:
        return None
    run, tail, epoch, rewinds, over, start = stand
    row = StreamRow(epoch=epoch, rewinds=msgspec.json.decode(rewinds))
    place = {"run": run, "name": request.name, "start": start}
    return StreamPage(
        start=start,
        chunks=unpacked(_segments(connection, place, request.limit), start) if start < tail else (),
        tail=tail,
        epoch=epoch,
        rewound_to=rewound_to(row, request.epoch),
        over=bool(over),
    )


def _segments(
    connection: sqlite3.Connection, place: dict[str, Any], limit: int
) -> Iterator[Stored]:
    """The segments of a page: no more are begun once there are so many bytes."""
    cursor = connection.execute(_QUERIES["page"], place)
    left = limit
    for segment in cursor:
        yield segment
        left -= len(segment[2])
        if left <= 0:
            break
    cursor.close()


def _ask(connection: sqlite3.Connection, query: str, parameters: dict[str, str]) -> Any:
    (text,) = connection.execute(_QUERIES[query], parameters).fetchone()
    return msgspec.json.decode(text)
