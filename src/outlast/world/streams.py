"""Streams: the ordered output of runs, beside their logs."""

from typing import Literal, Protocol, TypeAlias

import msgspec

StreamAnswer: TypeAlias = Literal["written", "fenced", "closed"]
"""`fenced`: the writer is not the run's any more, or its attempt has failed. `closed`: somebody has closed
the stream. In both cases nothing was written."""

PAGE_BYTES = 1 << 20
"""So many bytes of chunks are on a page of a stream, or one stored segment if that is longer."""


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """One element of a stream."""

    data: bytes
    raw: bool = False
    """Whether the bytes are the value itself, and not a payload."""


class Writer(msgspec.Struct, frozen=True, gc=False):
    """Who writes: one attempt of a step, made by one owner."""

    ref: str
    """The id of the step in its run."""
    epoch: int
    """The epoch of the claim of the run; of a dispatched step, that of the claim of the step."""
    attempt: int
    """The number of the attempt: 1 is the first."""
    dispatched: bool = False
    """Whether the step came through the queue of steps: then the epoch is that of its claim."""
    keep: bool = False
    """What it writes is never superseded, whatever becomes of the attempt."""


class StreamWrite(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Chunks for the end of a stream. The stream exists from its first write on.

    The first write of another writer of the same step supersedes what the step has written to the stream until
    then, unless that was to be kept: a claim has changed hands, or a new attempt was begun. The writer before
    is fenced from then on.
    """

    run_id: str
    name: str
    writer: Writer
    after: int
    """How many chunks this writer has written to the stream before. What the stream has of them already is
    not written again, so a write whose answer was lost can be tried once more."""
    chunks: tuple[Chunk, ...] = ()
    close: bool = False
    """Whether nothing may be written after this."""


class Supersede(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Take back what a step has written to any stream of its run, except what is to be kept. Idempotent."""

    run_id: str
    writer: Writer
    own: bool
    """What this writer has written too: its attempt has failed. Nothing is taken from it any more. Otherwise
    only what those before it have written."""


class StreamBatch(msgspec.Struct, frozen=True):
    """What is written in one transaction, in this order."""

    parts: tuple[StreamWrite | Supersede, ...]


class StreamRead(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a stream to read."""

    run_id: str
    name: str
    start: int
    """The index of the first chunk; below 0: counted from the end as it is now, but not before index 0."""
    epoch: int | None = None
    """The epoch of the stream as the reader knows it."""
    limit: int = PAGE_BYTES
    """About so many bytes of chunks at once, and one stored segment at least."""


class StreamPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a stream, and where the stream stands: all of one moment."""

    start: int
    """The index of the first chunk."""
    chunks: tuple[Chunk, ...]
    """Empty if the stream has none there yet."""
    tail: int
    """How many chunks the stream has. Less than before if some were superseded."""
    epoch: int
    """How often chunks of the stream were superseded."""
    rewound_to: int | None
    """The lowest index from which on chunks were superseded since the reader's epoch; `None` if none were."""
    over: bool
    """Whether nothing more comes: the stream was closed, or the run has ended."""


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of a run."""

    name: str
    chunks: int
    """How many count: without those that were superseded."""
    bytes: int
    """How long these are together."""
    over: bool
    """Whether nothing more comes: it was closed, or the run has ended."""


class Streams(Protocol):
    """The streams of all runs.

    A stream is a dense sequence of chunks, by index from 0. When chunks are superseded, those behind them move
    up. What is kept goes with its run.
    """

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        """Write the batch as one transaction; the answers stand in the order of its parts. Durable once it
        is answered, where the world is.

        Fenced is who names an epoch that is not the run's (or the step's), or a run (a step) that nobody
        holds. Raises `WorldUnavailableError` if it could not be written now, or if no answer came: then all
        of it was written or nothing, and it may be tried again as it is.
        """
        ...

    async def read(self, request: StreamRead) -> StreamPage | None:
        """A page of a stream. One that nobody has written to has no chunks. `None`: there is no such run."""
        ...

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        """The streams that a run has, by name. `None`: there is no such run."""
        ...
