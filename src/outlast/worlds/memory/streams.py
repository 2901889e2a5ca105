"""The streams of runs, in memory."""

from bisect import bisect_left

from outlast._model.runs import TERMINAL, RunRecord
from outlast.world import (
    StreamAnswer,
    StreamBatch,
    StreamPage,
    StreamRead,
    StreamState,
)
from outlast.worlds.memory.tables import Tables
from outlast.worlds.planning.streams import (
    Holder,
    KnownStreams,
    Place,
    StreamKey,
    StreamPlan,
    StreamRow,
    WantedStreams,
    doomed,
    plan_streams,
    rewound_to,
    wanted_streams,
)


class MemoryStreams:
    """The streams of all runs."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        """Plan the batch and write it down."""
        self._tables.check_open()
        known = self._known(wanted_streams(batch))
        known.places.update({key: self._places(key) for key in doomed(batch, known)})
        planned = plan_streams(batch, known)
        if not planned.empty:
            self._write(planned)
            self._tables.news.written()
        return planned.answers

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream."""
        self._tables.check_open()
        run = self._tables.runs.get(request.run_id)
        if run is None:
            return None
        key = (request.run_id, request.name)
        row = self._tables.streams.get(request.run_id, {}).get(request.name) or StreamRow()
        start = request.start if request.start >= 0 else max(0, row.chunks + request.start)
        page = _page(self._tables.segments.get(key, []), start, request.limit)
        chunks = [chunk for place in page for chunk in place.chunks]
        return StreamPage(
            start=start,
            chunks=tuple(chunks[start - page[0].first :]) if page else (),
            tail=row.chunks,
            epoch=row.epoch,
            rewound_to=rewound_to(row, request.epoch),
            over=_over(run, row),
        )

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        """The streams that a run has."""
        self._tables.check_open()
        run = self._tables.runs.get(run_id)
        if run is None:
            return None
        streams = self._tables.streams.get(run_id, {})
        return tuple(
            [
                StreamState(name=name, chunks=row.chunks, bytes=row.bytes, over=_over(run, row))
                for name, row in sorted(streams.items())
            ]
        )

    def _known(self, needs: WantedStreams) -> KnownStreams:
        tables = self._tables
        writers = {
            (run_id, name, mark): row
            for run_id, mark in needs.writers
            for name, row in tables.stream_writers.get(run_id, {}).get(mark, {}).items()
        }
        wanted = {*needs.streams, *((run_id, name) for run_id, name, _ in writers)}
        return KnownStreams(
            runs={
                run.id: Holder(run.epoch, run.worker is not None)
                for run in map(tables.runs.get, needs.run_ids)
                if run is not None
            },
            steps={
                step.key: Holder(step.epoch, step.worker is not None)
                for step in map(tables.steps.get, needs.steps)
                if step is not None
            },
            streams={
                (run_id, name): row
                for run_id, name in wanted
                if (row := tables.streams.get(run_id, {}).get(name)) is not None
            },
            writers=writers,
            places={},
        )

    def _places(self, key: StreamKey) -> list[Place]:
        return list(self._tables.segments.get(key, ()))

    def _write(self, planned: StreamPlan) -> None:
        tables, removed = self._tables, set(planned.removed)
        for (run_id, name), stream in planned.streams.items():
            tables.streams.setdefault(run_id, {})[name] = stream
        for (run_id, name, mark), writer in planned.writers.items():
            tables.stream_writers.setdefault(run_id, {}).setdefault(mark, {})[name] = writer
        for key in planned.streams if removed else ():
            kept = [one for one in tables.segments.get(key, ()) if one.number not in removed]
            tables.segments[key] = kept
        for key, place in planned.added:
            place.number = tables.next_number()
            tables.segments.setdefault(key, []).append(place)


def _page(places: list[Place], start: int, limit: int) -> list[Place]:
    """The segments from that of a chunk on: no more are begun once there are so many bytes."""
    begins = bisect_left(places, start, key=lambda place: place.first + place.count - 1)
    if begins == len(places):
        return []
    ends = bisect_left(places, places[begins].before + limit, lo=begins + 1, key=lambda p: p.before)
    return places[begins:ends]


def _over(run: RunRecord, row: StreamRow) -> bool:
    return row.closed_by is not None or run.status in TERMINAL
