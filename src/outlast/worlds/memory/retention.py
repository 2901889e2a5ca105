"""Deleting what is over, in memory."""

from outlast._clock import Micros
from outlast._model.runs import TERMINAL, RunRecord
from outlast.world import PruneRequest
from outlast.worlds.memory.tables import Tables


class MemoryRetention:
    """Deletes runs that have ended."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def prune(self, request: PruneRequest) -> int:
        """Delete the runs that ended first, of those that fit."""
        self._tables.check_open()
        over = [run for run in self._tables.runs.values() if _fits(run, request)]
        over.sort(key=lambda run: (_ended(run), self._tables.numbers[run.id]))
        for run in over[: request.limit]:
            self._tables.remove(run)
        return min(len(over), request.limit)


def _fits(run: RunRecord, wish: PruneRequest) -> bool:
    return (
        run.status in TERMINAL
        and _ended(run) < wish.ended_before
        and (not wish.statuses or run.status in wish.statuses)
        and (not wish.workflows or run.workflow in wish.workflows)
    )


def _ended(run: RunRecord) -> Micros:
    return run.ended_at or 0  # never None here: only runs that have ended are looked at
