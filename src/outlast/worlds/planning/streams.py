"""What a batch does to streams, decided once for all worlds.

A world reads what `wanted_streams` names, then the places of the streams that `doomed` names, calls `plan_streams`, and
writes the `StreamPlan` down, in one transaction in which nobody else writes to the streams of these runs.
"""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from outlast.world import (
    Chunk,
    StepKey,
    StreamAnswer,
    StreamBatch,
    StreamWrite,
    Supersede,
    Writer,
)

StreamKey: TypeAlias = tuple[str, str]
"""A run's id, and the name of the stream."""
Mark: TypeAlias = tuple[str, str]
"""A run's id, and by what the writing of one of its steps is known."""
WriterKey: TypeAlias = tuple[str, str, str]
"""The same, and the mark of a step that has written to it."""


class Holder(msgspec.Struct, gc=False):
    """Who holds a run or a dispatched step, as far as fencing needs it."""

    epoch: int
    held: bool


class StreamRow(msgspec.Struct):
    """Where a stream stands."""

    chunks: int = 0
    bytes: int = 0
    closed_by: str | None = None
    """The mark of the step that has closed it."""
    epoch: int = 0
    """How often it was rewound."""
    rewinds: list[tuple[int, int]] = []
    """Epochs, and to which index it was rewound then. Both rise: what a later one goes below is left out."""


class WriterRow(msgspec.Struct, gc=False):
    """The last attempt that has written to a stream for a step."""

    epoch: int
    dispatched: bool
    attempt: int
    chunks: int = 0
    """How many chunks of it the stream has."""
    failed: bool = False
    """It was superseded: nothing is taken from it any more."""

    def is_of(self, writer: Writer) -> bool:
        """Whether it is the row of this writer."""
        mine = (self.epoch, self.dispatched, self.attempt)
        return mine == (writer.epoch, writer.dispatched, writer.attempt)

    def is_after(self, writer: Writer) -> bool:
        """Whether the writer's attempt was followed by this one."""
        mine = (self.epoch, self.dispatched)
        return mine == (writer.epoch, writer.dispatched) and self.attempt > writer.attempt


class Place(msgspec.Struct, kw_only=True):
    """A segment of a stream, and where it is."""

    number: int = 0
    """Its name in the world; 0 for one that is new."""
    ref: str
    """The mark of the step that has written it."""
    first: int
    before: int
    """How many bytes of chunks are before it."""
    count: int
    size: int
    chunks: tuple[Chunk, ...] = ()
    """Of a new one."""


class WantedStreams(msgspec.Struct, frozen=True):
    """What a batch speaks of."""

    run_ids: tuple[str, ...]
    steps: tuple[StepKey, ...]
    """The steps that write, dispatched or not: wanted are their rows in the queue."""
    writers: tuple[Mark, ...]
    """Their marks: wanted are their rows as writers of any stream of the run."""
    streams: tuple[StreamKey, ...]
    """The streams that are written to; wanted are also those that one of the writers has written to."""


class KnownStreams(msgspec.Struct, frozen=True):
    """What the world has of it. Planning changes it."""

    runs: dict[str, Holder]
    steps: dict[StepKey, Holder]
    streams: dict[StreamKey, StreamRow]
    writers: dict[WriterKey, WriterRow]
    places: dict[StreamKey, list[Place]]
    """All segments, in order, of those streams that are `doomed`."""


class StreamPlan(msgspec.Struct, frozen=True):
    """What is to be written."""

    answers: tuple[StreamAnswer, ...]
    streams: dict[StreamKey, StreamRow]
    writers: dict[WriterKey, WriterRow]
    added: list[tuple[StreamKey, Place]]
    removed: list[int]
    moved: dict[int, Place]
    """Segments that are not removed, and have another place."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.streams or self.writers)


def wanted_streams(batch: StreamBatch) -> WantedStreams:
    """What has to be known to plan the batch."""
    run_ids = dict.fromkeys(part.run_id for part in batch.parts)
    steps = dict.fromkeys(StepKey(part.run_id, part.writer.ref) for part in batch.parts)
    writers = dict.fromkeys(_mark_of(part) for part in batch.parts)
    streams = dict.fromkeys(
        (part.run_id, part.name) for part in batch.parts if isinstance(part, StreamWrite)
    )
    return WantedStreams(tuple(run_ids), tuple(steps), tuple(writers), tuple(streams))


def doomed(batch: StreamBatch, known: KnownStreams) -> frozenset[StreamKey]:
    """The streams in which stored chunks may be superseded."""
    written: dict[Mark, list[tuple[str, WriterRow]]] = {}
    for (run_id, name, mark), row in known.writers.items():
        written.setdefault((run_id, mark), []).append((name, row))
    return frozenset(
        (part.run_id, name)
        for part in batch.parts
        if not part.writer.keep
        for name, row in written.get(_mark_of(part), ())
        if row.chunks and _supersedes(part, name, row)
    )


def _mark_of(part: StreamWrite | Supersede) -> Mark:
    """The id of the step. For what is to be kept something else, so that what takes back by the id does not find
    it, and a step may write both kinds. No id ends like this."""
    ref = part.writer.ref
    return part.run_id, f"{ref} kept" if part.writer.keep else ref


def _supersedes(part: StreamWrite | Supersede, name: str, row: WriterRow) -> bool:
    """Whether a part takes back what the row's writer, one of the same step, has in the stream of that name."""
    other = not row.is_of(part.writer)
    return part.own or other if isinstance(part, Supersede) else part.name == name and other


def plan_streams(batch: StreamBatch, known: KnownStreams) -> StreamPlan:
    """What the batch does to the streams that are known."""
    planner = _Planner(known)
    answers: tuple[StreamAnswer, ...] = tuple([planner.do(part) for part in batch.parts])
    added = [(key, place) for key, place in planner.new_places() if place.number == 0]
    changed = {key: known.streams[key] for key in planner.changed}
    writers = {key: known.writers[key] for key in planner.written}
    return StreamPlan(answers, changed, writers, added, planner.removed, planner.moved)


def rewound_to(row: StreamRow, since: int | None) -> int | None:
    """The lowest index to which a stream was rewound after it had this epoch."""
    if since is None:
        return None
    return next((index for epoch, index in row.rewinds if epoch > since), None)


class _Planner:
    def __init__(self, known: KnownStreams) -> None:
        self._known = known
        self.changed: dict[StreamKey, None] = {}
        self.written: dict[WriterKey, None] = {}
        self.removed: list[int] = []
        self.moved: dict[int, Place] = {}

    def do(self, part: StreamWrite | Supersede) -> StreamAnswer:
        if not self._holds(part.run_id, part.writer):
            return "fenced"
        if isinstance(part, Supersede):
            self._supersede(part)
            return "written"
        return self._write(part)

    def new_places(self) -> Iterable[tuple[StreamKey, Place]]:
        for key, places in self._known.places.items():
            for place in places:
                yield key, place

    def _holds(self, run_id: str, writer: Writer) -> bool:
        if writer.dispatched:
            holder = self._known.steps.get(StepKey(run_id, writer.ref))
        else:
            holder = self._known.runs.get(run_id)
        return holder is not None and holder.held and holder.epoch == writer.epoch

    def _write(self, part: StreamWrite) -> StreamAnswer:
        key, writer = (part.run_id, part.name), part.writer
        _, mark = _mark_of(part)
        writer_key = (part.run_id, part.name, mark)
        row = self._known.writers.get(writer_key)
        if row is not None and (row.is_after(writer) or (row.failed and row.is_of(writer))):
            return "fenced"
        stream = self._known.streams.setdefault(key, StreamRow())
        self.changed[key] = self.written[writer_key] = None
        if row is None or not row.is_of(writer):
            if not writer.keep:
                self._remove(key, mark)
            row = WriterRow(writer.epoch, writer.dispatched, writer.attempt)
            self._known.writers[writer_key] = row
        # What is here already came with an earlier try of this write.
        chunks = part.chunks[max(0, row.chunks - part.after) :]
        if stream.closed_by is not None and (chunks or stream.closed_by != mark):
            return "closed"
        if chunks:
            self._append(key, mark, chunks)
            row.chunks += len(chunks)
        if part.close:
            stream.closed_by = mark
        return "written"

    def _append(self, key: StreamKey, ref: str, chunks: tuple[Chunk, ...]) -> None:
        stream, size = self._known.streams[key], sum([len(one.data) for one in chunks])
        self._known.places.setdefault(key, []).append(
            Place(
                ref=ref,
                first=stream.chunks,
                before=stream.bytes,
                count=len(chunks),
                size=size,
                chunks=chunks,
            )
        )
        stream.chunks += len(chunks)
        stream.bytes += size

    def _supersede(self, part: Supersede) -> None:
        for name, row in self._written(_mark_of(part)):
            if not row.failed and (part.own or not row.is_of(part.writer)):
                self._remove((part.run_id, name), part.writer.ref)
                row.chunks, row.failed = 0, True
                self.written[(part.run_id, name, part.writer.ref)] = None

    def _written(self, mark: Mark) -> list[tuple[str, WriterRow]]:
        """What a step has written to, by name."""
        return [
            (name, row)
            for (run_id, name, ref), row in self._known.writers.items()
            if (run_id, ref) == mark
        ]

    def _remove(self, key: StreamKey, ref: str) -> None:
        """Take out all that a step has written, and let the rest move up."""
        stream, places = self._known.streams[key], self._known.places.get(key, [])
        if stream.closed_by == ref:
            stream.closed_by = None
            self.changed[key] = None
        gone = [place for place in places if place.ref == ref]
        if not gone:
            return
        self.changed[key] = None
        kept = [place for place in places if place.ref != ref]
        self.removed += [place.number for place in gone if place.number]
        for place in gone:
            self.moved.pop(place.number, None)
        self._rewind(stream, gone[0].first)
        stream.chunks, stream.bytes = gone[0].first, gone[0].before
        for place in kept:
            if place.first >= stream.chunks:
                place.first, place.before = stream.chunks, stream.bytes
                if place.number:
                    self.moved[place.number] = place
                stream.chunks += place.count
                stream.bytes += place.size
        self._known.places[key] = kept

    def _rewind(self, stream: StreamRow, index: int) -> None:
        stream.epoch += 1
        lower = [(epoch, to) for epoch, to in stream.rewinds if to < index]
        stream.rewinds = [*lower, (stream.epoch, index)]
