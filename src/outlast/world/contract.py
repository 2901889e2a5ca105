"""The Protocols of a world."""

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from outlast.world.batch import Batch, Receipt, StoredEvent
from outlast.world.claims import Claims, StepQueue
from outlast.world.listing import Listing, Retention
from outlast.world.streams import Streams


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a world can do beyond the contract. A section of the conformance suite that needs what
    a world does not declare is skipped with a line that says so."""

    durable: bool
    """What was committed is there after the process, and the machine, went down."""
    shared: bool
    """Several processes can use it at once."""
    notices_death: bool
    """A worker of the same host whose process died is noticed by `reap`, without its lease
    having to end."""


class EventLog(Protocol):
    """Writing runs and reading their logs."""

    def commit(self, batch: Batch) -> Awaitable[Receipt]:
        """Write the batch as one transaction. Durable once it is answered, where the world is. A world
        that answers at once may give a future that is done.

        Raises `ValueError` for an `End` whose status is not terminal: then nothing of it is written. And
        `WorldUnavailableError` if it could not be written now, or if no answer came: then all of it was
        written or nothing, and the caller tries it once more as one that comes `again`. A caller that is
        cancelled does not know either.
        """
        ...

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on, in order; empty for an unknown run."""
        ...


class News(Protocol):
    """Hearing that another process (or another user of this world) has written."""

    def mark(self) -> int:
        """A number that stands for what has been written until now."""
        ...

    async def changed(self, mark: int) -> int:
        """Return a later mark as soon as somebody else than this world object has written after
        `mark`. May wake for nothing, for a write of one's own among others; never misses a write for
        longer than a poll interval. The world's clock is not held while this waits, as it is
        (where other threads do the work) during all other calls.

        Raises `WorldError` if the world is closed, also while this waits.
        """
        ...


class World(Protocol):
    """Storage, queue, log and streams behind one contract. Open and close it as an async context."""

    @property
    def url(self) -> str:
        """How it was named, without secrets."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def log(self) -> EventLog: ...

    @property
    def claims(self) -> Claims: ...

    @property
    def steps(self) -> StepQueue: ...

    @property
    def streams(self) -> Streams: ...

    @property
    def listing(self) -> Listing: ...

    @property
    def retention(self) -> Retention: ...

    @property
    def news(self) -> News: ...

    def opened(self) -> AbstractAsyncContextManager["World"]:
        """Open the world, migrating its schema if need be, and close it at the end.

        Other calls than this raise `WorldError` while the world is not open. Closing finishes what is
        under way. A worker that was not unregistered counts as dead from then on, where the world
        `notices_death`.
        """
        ...
