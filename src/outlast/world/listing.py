"""Reading what there is, and removing what is over."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import Attributes, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs to list. Empty fields do not filter. Times: from (inclusive) to (exclusive)."""

    ids: tuple[str, ...] = ()
    statuses: tuple[RunStatus, ...] = ()
    workflows: tuple[str, ...] = ()
    attributes: Attributes = {}
    """All of these must be equal, as JSON is: 1, true, 1.0 and "1" are four values."""
    created_from: Micros | None = None
    created_to: Micros | None = None
    parent: str | None = None


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs, newest first (by creation time, then id, both descending)."""

    runs: tuple[RunRecord, ...]
    cursor: str | None
    """Pass it on to get the next page; `None` on the last."""


class HookPage(msgspec.Struct, frozen=True):
    """A page of hooks, newest first (by creation time, then token, both descending)."""

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

        Raises `ValueError` for a cursor that is none of this world's.
        """
        ...

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked with nothing due (nobody will try again)."""
        ...

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token; it may have expired without its run having noticed."""
        ...

    async def hooks(
        self, run_id: str | None = None, *, limit: int, cursor: str | None = None
    ) -> HookPage:
        """A page of the hooks of a run, or of all runs.

        Raises `ValueError` for a cursor that is none of this world's.
        """
        ...

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        ...

    async def save_manifest(self, version: str, at: Micros, data: bytes) -> None:
        """Keep the manifest of a version. The first one written for a version stays."""
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


class Retention(Protocol):
    """Deleting runs that are over."""

    async def prune(self, request: PruneRequest) -> int:
        """Delete up to `limit` runs that have ended, those that ended first first, with all that
        belongs to them: events, attributes. One transaction. Gives how many.

        A run that has not ended is never touched, whatever is asked for.
        """
        ...
