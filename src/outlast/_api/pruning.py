"""Deleting runs that ended long ago, when somebody asks for it."""

from collections.abc import Sequence
from typing import Final

from outlast._api.listing import several, status_of
from outlast._clock import Micros
from outlast._model.runs import TERMINAL, RunStatus
from outlast._runtime.runtime import Runtime
from outlast.world import PruneRequest

LIMIT: Final = 500
"""The runs of a batch."""


async def prune_runs(
    runtime: Runtime,
    age: Micros,
    status: RunStatus | str | Sequence[RunStatus | str],
    workflow: str | Sequence[str],
) -> int:
    """Delete what ended longer than `age` ago, batch by batch. Gives how many runs. See `App.prune`."""
    wanted = PruneRequest(
        ended_before=runtime.clock.now() - age,
        statuses=tuple([_ended(one) for one in several(status)]),
        workflows=tuple(several(workflow)),
        limit=LIMIT,
    )
    pruned = 0
    while batch := await runtime.world.retention.prune(wanted):
        pruned += batch
    return pruned


def _ended(name: RunStatus | str) -> RunStatus:
    status = status_of(name)
    if status not in TERMINAL:
        message = f"only runs that have ended are deleted, and {status.value!r} is no end"
        raise ValueError(message)
    return status
