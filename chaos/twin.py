"""What a run has come to, as its row and its log tell it; and what it comes to when nothing disturbs it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from chaos import flows
from chaos.evidence import Kept, read_runs
from chaos.programs import Errand
from outlast import App, Call, WorkerOptions
from outlast._codec import Codec
from outlast._model.events import (
    ChildStarted,
    Event,
    Payload,
    RunCancelled,
    RunCompleted,
    RunFailed,
    StepCompleted,
    StepFailed,
)
from outlast._model.runs import TERMINAL, Attributes
from outlast.testing import SkippingClock
from outlast.worlds.memory import MemoryWorld

CODEC: Final = Codec()
AT_ONCE: Final = 200
PATIENCE: Final = 120


class Facts(msgspec.Struct, frozen=True):
    """What no fault may change."""

    workflow: str
    status: str
    end: str
    steps: dict[str, str]
    """Each outcome by the step's id: in which attempt, and what it is."""
    children: dict[str, str]
    """The id of each child by that of the command."""
    attributes: Attributes
    parent: str | None


def facts_of(kept: Kept) -> Facts:
    """The facts of a run. Of what is recorded several times, the first counts, as for the run itself."""
    steps: dict[str, str] = {}
    children: dict[str, str] = {}
    for logged in kept.log:
        match logged.event:
            case StepCompleted(id=ref, attempt=attempt, result=result):
                steps.setdefault(ref, f"{attempt}: {CODEC.decode(result)['value']}")
            case StepFailed(id=ref, attempt=attempt, error=error):
                steps.setdefault(ref, f"{attempt}: {_error(error)}")
            case ChildStarted(id=ref, run_id=run_id):
                children.setdefault(ref, run_id)
            case _:
                pass
    return Facts(
        workflow=kept.row.workflow,
        status=str(kept.row.status),
        end=_end(kept.log[-1].event) if kept.log else "no log",
        steps=steps,
        children=children,
        attributes=kept.row.attributes,
        parent=kept.row.parent.run_id if kept.row.parent else None,
    )


def undisturbed(errands: Sequence[Errand]) -> dict[str, Facts]:
    """The facts of these runs and their children when nothing happens to them: on the memory world, in
    skipped time. Call it where no event loop runs."""
    flows.Stage.witness, flows.Stage.takes_time = None, False
    found: dict[str, Facts] = {}
    for first in range(0, len(errands), AT_ONCE):
        some = errands[first : first + AT_ONCE]
        kept = asyncio.run(asyncio.wait_for(_play(some), PATIENCE))
        found |= {run_id: facts_of(one) for run_id, one in kept.items()}
    return found


def call_of(errand: Errand) -> Call[int]:
    """What is started for an errand."""
    return (flows.linger if errand.lingers else flows.interpret)(errand.program)


async def _play(errands: Sequence[Errand]) -> dict[str, Kept]:
    clock = SkippingClock(threshold=0)
    world = MemoryWorld(clock)
    options = WorkerOptions(queues=("default", flows.REMOTE))
    async with App(world=world, clock=clock, options=options) as app:
        for errand in errands:
            run = await app.start(call_of(errand), run_id=errand.run_id)
            if errand.act == "cancel":
                await run.cancel("enough")
            elif errand.act == "wake":
                await run.wake()
        await _all_over(app)
        return await read_runs(world)


async def _all_over(app: App) -> None:
    """Wait until all runs are over, those too for which nobody waits."""
    while True:
        kept = await read_runs(app.runtime.world)
        left = [run_id for run_id, one in kept.items() if one.row.status not in TERMINAL]
        if not left:
            return
        waiting = [app.get_run(run_id).result() for run_id in left]
        await asyncio.gather(*waiting, return_exceptions=True)


def _end(event: Event) -> str:
    match event:
        case RunCompleted(result=result):
            return f"completed: {CODEC.decode(result)}"
        case RunFailed(error=error):
            return f"failed: {_error(error)}"
        case RunCancelled(reason=reason):
            return f"cancelled: {reason}"
        case other:
            return f"not over: {type(other).__name__}"


def _error(payload: Payload) -> str:
    text = CODEC.describe_error(payload)
    return f"{text.type}: {text.message}"
