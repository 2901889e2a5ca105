"""What holds for every run by itself: its log, its row, its replay, and its undisturbed twin."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from chaos.evidence import Kept, Violation
from chaos.flows import WORKFLOWS
from chaos.twin import CODEC, Facts, facts_of
from outlast._api.reading import event_record
from outlast._model.events import (
    AttributesSet,
    ChildCancelled,
    ChildCompleted,
    ChildFailed,
    ChildStarted,
    Event,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    StepCompleted,
    StepFailed,
    WaitCompleted,
)
from outlast._model.runs import TERMINAL, Attributes, RunStatus
from outlast.testing import History, RecordedEvent, replay

ENDS: Final = (RunCompleted, RunFailed, RunCancelled)
STATUSES: Final = {
    RunCompleted: RunStatus.COMPLETED,
    RunFailed: RunStatus.FAILED,
    RunCancelled: RunStatus.CANCELLED,
}
ONCE: Final[dict[type[Event], str]] = {
    StepCompleted: "an outcome of step",
    StepFailed: "an outcome of step",
    WaitCompleted: "the end of wait",
    ChildStarted: "the start of child",
    ChildCompleted: "the end of child",
    ChildFailed: "the end of child",
    ChildCancelled: "the end of child",
}
"""What a log has at most once for each id."""


def check_run(kept: Kept, twin: Facts | None) -> Iterator[Violation]:
    """All that holds for a run. A run whose log is broken is looked at no further."""
    broken = list(check_log(kept))
    yield from broken
    yield from check_row(kept)
    if not broken:
        yield from check_replay(kept)
    yield from check_twin(kept, twin)


def check_log(kept: Kept) -> Iterator[Violation]:
    """Every event can be read, none is missing, time does not go back; one beginning, at most one end."""
    law, run_id, log = "a log has no gap", kept.row.id, kept.log
    if len(log) < len(kept.stored):
        yield Violation(law, run_id, f"the event at {len(log)} cannot be decoded")
    positions = [stored.position for stored in kept.stored]
    if positions != list(range(len(positions))):
        yield Violation(law, run_id, f"it has the positions {positions}")
    if any(after.at < before.at for before, after in pairwise(log)):
        yield Violation(law, run_id, "time goes back in it")
    begins = [logged.position for logged in log if isinstance(logged.event, RunCreated)]
    if begins != [0]:
        yield Violation(law, run_id, f"it begins at {begins}")
    if any(isinstance(logged.event, ENDS) for logged in log[:-1]):
        yield Violation("terminal is terminal", run_id, "there is an event after the end")
    yield from _check_once(kept)
    yield from _check_waits(kept)


def check_row(kept: Kept) -> Iterator[Violation]:
    """The row says what the log says."""
    row, log = kept.row, kept.log
    law = "the row says what the log says"
    differs: list[str] = []
    if row.position != len(kept.stored):
        differs.append(f"the row counts {row.position} events, the log has {len(kept.stored)}")
    if row.attributes != _attributes(kept):
        differs.append(f"the row has {row.attributes}, the log {_attributes(kept)}")
    last = log[-1].event if log else None
    ended = STATUSES[type(last)] if isinstance(last, ENDS) else None
    if ended is not None and row.status is not ended:
        differs.append(f"the row is {row.status}, the log {ended}")
    if ended is not None and (row.due_at, row.worker) != (None, None):
        differs.append("it is over, and still due or held")
    if ended is not None and row.ended_at != log[-1].at:
        differs.append("the row has another time of the end")
    yield from (Violation(law, row.id, one) for one in differs)
    if row.status not in TERMINAL:
        waits = ", ".join(f"{one.kind} {one.ref}" for one in row.waiting)
        what = f"it is {row.status}, due at {row.due_at}, held by {row.worker}; waits for: {waits}"
        yield Violation("every run ends", row.id, f"{what}; {row.problem or 'no problem'}")


def check_replay(kept: Kept) -> Iterator[Violation]:
    """The code, fed with the log, asks for what the log answers and ends as it ends."""
    events = [event_record(one) for one in kept.stored]
    history = History(
        run_id=kept.row.id,
        workflow=kept.row.workflow,
        version=kept.row.version,
        events=tuple([RecordedEvent(one.position, one.at, one.kind, one.data) for one in events]),
    )
    workflow = WORKFLOWS.get(kept.row.workflow)
    problem = (
        "nobody knows its workflow"
        if workflow is None
        else replay(history, workflow, codec=CODEC).problem
    )
    if problem is not None:
        yield Violation("a log replays", kept.row.id, problem)


def check_twin(kept: Kept, twin: Facts | None) -> Iterator[Violation]:
    """It has come to what it comes to when nothing disturbs it."""
    law, run_id = "as the undisturbed twin", kept.row.id
    if twin is None:
        yield Violation(law, run_id, "nobody has asked for this run")
        return
    facts = facts_of(kept)
    for name in Facts.__struct_fields__:
        here, there = getattr(facts, name), getattr(twin, name)
        if here != there:
            yield Violation(law, run_id, f"{name}: {_difference(here, there)}")


def _check_once(kept: Kept) -> Iterator[Violation]:
    counted = Counter(
        f"{what} {logged.event.id}"  # type: ignore[union-attr]  # all of these have one
        for logged in kept.log
        if (what := ONCE.get(type(logged.event)))
    )
    for what, times in counted.items():
        if times > 1:
            yield Violation("recorded once", kept.row.id, f"{what} is there {times} times")


def _check_waits(kept: Kept) -> Iterator[Violation]:
    for logged in kept.log:
        event = logged.event
        if isinstance(event, WaitCompleted) and logged.at < event.deadline:
            early = event.deadline - logged.at
            yield Violation("waits never end early", kept.row.id, f"{event.id}, by {early} us")


def _attributes(kept: Kept) -> Attributes:
    """The attributes of a run, as its log tells them."""
    merged: Attributes = {}
    for logged in kept.log:
        if isinstance(logged.event, RunCreated | AttributesSet):
            merged |= logged.event.attributes
    return merged


def _difference(here: Any, there: Any) -> str:
    if not isinstance(here, dict):
        return f"{here!r}, undisturbed {there!r}"
    differing = [key for key in here | there if here.get(key) != there.get(key)]
    return "; ".join(
        f"{key}: {here.get(key, 'nothing')!r}, undisturbed {there.get(key, 'nothing')!r}"
        for key in differing
    )
