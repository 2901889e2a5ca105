"""What was read of hooks and their runs a moment ago, to plan on without asking again."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from outlast._model.hooks import HookRecord
from outlast._model.runs import RunStatus
from outlast.world import Batch
from outlast.worlds.planning.predicting import predicted
from outlast.worlds.planning.records import Known, RunState

MOST: Final = 1_000

Glimpse: TypeAlias = tuple[HookRecord, RunState]
"""A hook, and the run that has it."""


class Glimpses:
    """Whoever delivers has looked at the hook just before. A run that nobody holds has most likely not changed
    since, and a plan that rests on this is written only if that is so."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Glimpse] = OrderedDict()

    def saw(self, hook: HookRecord, run: RunState) -> None:
        """A hook was read, and the run that has it."""
        if run.status is not RunStatus.RUNNING:
            self._seen[hook.token] = (hook, run)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)

    def take(self, batch: Batch) -> Sequence[Glimpse | None]:
        """What was seen of the hook of each delivery. Each glimpse is good for one batch."""
        return [self._seen.pop(one.token, None) for one in batch.deliveries]


def glimpsed(batch: Batch, glimpses: Sequence[Glimpse | None]) -> Known | None:
    """What there most likely is about the runs of a batch; `None` where nobody can tell. A plan changes it, so each
    try needs its own."""
    known = predicted(replace(batch, deliveries=()) if glimpses else batch)
    if known is None:
        return None
    for one in glimpses:
        if one is None:
            return None
        hook, run = one
        known.hooks[hook.token] = hook
        known.states.setdefault(hook.run_id, replace(run))
    return known
