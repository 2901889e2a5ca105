"""What a commit does to runs, decided once for all worlds.

A world reads what `wanted` names, calls `plan`, and writes the `Plan` down in one transaction. The
rules (fencing, places, times, suspending, waking, ending) are here and nowhere else; a world only
reads and writes rows.
"""

from outlast.worlds.planning.glimpses import Glimpse, Glimpses, glimpsed
from outlast.worlds.planning.planner import plan
from outlast.worlds.planning.predicting import predicted
from outlast.worlds.planning.records import (
    Growth,
    HookChanges,
    Known,
    NewStep,
    Plan,
    Requeue,
    RunState,
    StepState,
    Turn,
)
from outlast.worlds.planning.wanted import Wanted, wanted, with_owners

__all__ = [
    "Glimpse",
    "Glimpses",
    "Growth",
    "HookChanges",
    "Known",
    "NewStep",
    "Plan",
    "Requeue",
    "RunState",
    "StepState",
    "Turn",
    "Wanted",
    "glimpsed",
    "plan",
    "predicted",
    "wanted",
    "with_owners",
]
