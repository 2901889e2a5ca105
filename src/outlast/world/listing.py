"""Reading what there is, and removing what is over."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import Attributes, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord


class RunOrder(StrEnum):
    """In which order runs are listed. Runs of one time are in the order of their ids, in the same direction."""

    NEWEST = "-created"
    OLDEST = "created"
    ENDED_LAST = "-ended"
    """Those that ended last first; what has not ended is left out."""
    ENDED_FIRST = "ended"
    """Those that ended first first; what has not ended is left out."""

    @property
    def by_end(self) -> bool:
        """Whether it goes by the time at which runs ended."""
        return self in (RunOrder.ENDED_LAST, RunOrder.ENDED_FIRST)

    @property
    def descending(self) -> bool:
        """Whether the latest time comes first."""
        return self in (RunOrder.NEWEST, RunOrder.ENDED_LAST)


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs to list, and how. Empty fields do not filter. Times: from (inclusive) to (exclusive)."""

    ids: tuple[str, ...] = ()
    statuses: tuple[RunStatus, ...] = ()
    workflows: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    attributes: Attributes = {}
    """All of these must be equal, as JSON is: 1, true, 1.0 and "1" are four values."""
    created_from: Micros | None = None
    """Created at this time or later."""
    created_to: Micros | None = None
    """Created before this time."""
    parent: str | None = None
    text: str = ""
    """In the id, the workflow's name, or the names and values of attributes, without regard to case."""
    order: RunOrder = RunOrder.NEWEST


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a stretch of time. A number is exact below what was asked for, and may be an estimate above."""

    started: int
    """Runs that were created in it."""
    completed: int
    failed: int
    cancelled: int


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs, in the order that was asked for."""

    runs: tuple[RunRecord, ...]
    cursor: str | None
    """Pass it on to get the next page; `None` on the last. A page that has one may be short, or empty."""


class HookPage(msgspec.Struct, frozen=True):
    """A page of hooks, in the order that was asked for."""

    hooks: tuple[HookRecord, ...]
    cursor: str | None
    """Pass it on to get the next page; `None` on the last."""


class Listing(Protocol):
    """Reading what there is."""

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        ...

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit the filter. A page is stable under inserts.

        For one page a world may look at a bounded number of runs, however many fit. So a page may be short, or
        empty, and yet have a cursor, which goes on looking: only a page without one is the last.

        Raises `ValueError` for a cursor that is none of this world's, or of another order.
        """
        ...

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status. None is counted further than to `most`, so that it takes as long
        among many runs as among few."""
        ...

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge (inclusive) and the next (exclusive); the edges rise.

        A number below `most` is exact. From there on it may be an estimate, but never one below `most`: a world need
        not count further, so that it takes as long among many runs as among few.
        """
        ...

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked with nothing due (nobody will try again)."""
        ...

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token; it may have expired without its run having noticed."""
        ...

    async def hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int,
        cursor: str | None = None,
        oldest_first: bool = False,
    ) -> HookPage:
        """A page of the hooks of a run, or of all runs, newest or oldest first (by creation time, then token).

        Raises `ValueError` for a cursor that is none of this world's, or that of the other order.
        """
        ...

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        ...

    async def save_manifest(
        self, version: str, at: Micros, data: bytes, *, over: bytes | None = None
    ) -> bool:
        """Keep the manifest of a version in place of `over`, which is what the version had; `None`: it had none.

        False, and nothing is written, if it has another one by now: of two writers at once, one is refused.
        """
        ...

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        ...


class PruneRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which ended runs to delete, and how many at once. Empty fields do not filter."""

    ended_before: Micros
    """Runs that ended before this time (exclusive)."""
    statuses: tuple[RunStatus, ...] = ()
    workflows: tuple[str, ...] = ()
    limit: int = 500
    """The most runs to delete in this call."""


class Retention(Protocol):
    """Deleting runs that are over."""

    async def prune(self, request: PruneRequest) -> int:
        """Delete up to `limit` runs that have ended, those that ended first first, with all that
        belongs to them: events, attributes. One transaction. Gives how many.

        A run that has not ended is never touched, whatever is asked for.
        """
        ...
