"""Reading what there is, in memory."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import gt, lt

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, Attributes, RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.world import Happened, HookPage, RunFilter, RunOrder, RunPage
from outlast.worlds.cursors import hook_page, place, read_cursor, run_page
from outlast.worlds.finding import has_text
from outlast.worlds.memory.tables import Tables


class MemoryListing:
    """Runs, workers and manifests, for reading."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        self._tables.check_open()
        return self._tables.runs.get(run_id)

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit."""
        self._tables.check_open()
        order = run_filter.order
        last = read_cursor(cursor, order)
        placed = [
            (place(run, order), run) for run in self._tables.runs.values() if _fits(run, run_filter)
        ]
        if cursor is not None:
            after = (last.at, last.id)
            placed = [
                one for one in placed if (one[0] < after) is order.descending and one[0] != after
            ]
        placed.sort(key=lambda one: one[0], reverse=order.descending)
        return run_page([run for _, run in placed], limit, order)

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        """How many runs there are of each status."""
        self._tables.check_open()
        found = Counter(run.status for run in self._tables.runs.values())
        return {status: min(most, found[status]) for status in RunStatus}

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        """What happened between each edge and the next."""
        self._tables.check_open()
        runs = self._tables.runs.values()
        started = _stretches([run.created_at for run in runs], edges)
        ended = [
            _stretches([_ended(run) for run in runs if run.status is status], edges)
            for status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)
        ]
        return tuple(
            Happened(started=begun, completed=completed, failed=failed, cancelled=cancelled)
            for begun, completed, failed, cancelled in zip(started, *ended, strict=True)
        )

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked with nobody about to try them again."""
        self._tables.check_open()
        runs = self._tables.runs
        return frozenset(run_id for run_id in run_ids if run_id in runs and _over(runs[run_id]))

    async def hook(self, token: str) -> HookRecord | None:
        """The hook that has the token."""
        self._tables.check_open()
        return self._tables.hooks.get(token)

    async def hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int,
        cursor: str | None = None,
        oldest_first: bool = False,
    ) -> HookPage:
        """A page of hooks, newest or oldest first."""
        self._tables.check_open()
        order = RunOrder.OLDEST if oldest_first else RunOrder.NEWEST
        hooks = [one for one in self._tables.hooks.values() if run_id in (None, one.run_id)]
        hooks.sort(key=_hook_place, reverse=order.descending)
        if cursor is not None:
            last = read_cursor(cursor, order)
            seen = (last.at, last.id)
            comes = gt if oldest_first else lt
            hooks = [one for one in hooks if comes(_hook_place(one), seen)]
        return hook_page(hooks, limit, order)

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        self._tables.check_open()
        workers = self._tables.workers.values()
        return tuple(sorted(workers, key=lambda worker: (worker.started_at, worker.id)))

    async def save_manifest(
        self, version: str, at: Micros, data: bytes, *, over: bytes | None = None
    ) -> bool:
        """Keep the manifest, unless this version has another one than was thought."""
        self._tables.check_open()
        is_it = self._tables.manifests.get(version) == over
        if is_it:
            self._tables.manifests[version] = data
        return is_it

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        self._tables.check_open()
        return self._tables.manifests.get(version)


def _ended(run: RunRecord) -> Micros:
    return run.ended_at or 0  # never None here: only runs that have ended are looked at


def _stretches(moments: list[Micros], edges: Sequence[Micros]) -> list[int]:
    """How many of the moments are between each edge and the next."""
    moments.sort()
    places = [bisect_left(moments, edge) for edge in edges]
    return [end - start for start, end in pairwise(places)]


def _hook_place(hook: HookRecord) -> tuple[Micros, str]:
    return (hook.created_at, hook.token)


def _fits(run: RunRecord, wish: RunFilter) -> bool:
    return (
        (wish.parent is None or (run.parent is not None and run.parent.run_id == wish.parent))
        and (not wish.ids or run.id in wish.ids)
        and (not wish.statuses or run.status in wish.statuses)
        and (not wish.workflows or run.workflow in wish.workflows)
        and (not wish.versions or run.version in wish.versions)
        and (not wish.order.by_end or run.ended_at is not None)
        and (wish.created_from is None or run.created_at >= wish.created_from)
        and (wish.created_to is None or run.created_at < wish.created_to)
        and _has_all(run.attributes, wish.attributes)
        and (not wish.text or has_text(run.id, run.workflow, run.attributes, wish.text.casefold()))
    )


def _has_all(attributes: Attributes, wished: Attributes) -> bool:
    """Compared as JSON, in which 1, true, 1.0 and "1" are four values."""
    encode = msgspec.json.encode
    return all(
        name in attributes and encode(attributes[name]) == encode(value)
        for name, value in wished.items()
    )


def _over(run: RunRecord) -> bool:
    blocked = run.status is RunStatus.BLOCKED and run.due_at is None
    return blocked or run.status in TERMINAL
