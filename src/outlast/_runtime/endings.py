"""The last event of a run, and the word of it to the parent that waits."""

from typing import Protocol, assert_never

import msgspec

from outlast._codec import encode_event
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._model.events import (
    ChildCancelled,
    ChildCompleted,
    ChildFailed,
    Event,
    RunCancelled,
    RunCompleted,
    RunFailed,
)
from outlast._model.runs import Parent, RunStatus
from outlast.world import Append, End

EndEvent = RunCompleted | RunFailed | RunCancelled


class Child(Protocol):
    """A run that may have a parent."""

    @property
    def id(self) -> str: ...

    @property
    def parent(self) -> Parent | None: ...


def end_of(run: Child, outcome: Outcome) -> tuple[EndEvent, End]:
    """The last event of a run with this outcome, and what to do with its row and its parent."""
    event: EndEvent
    match outcome:
        case Completed(result):
            event, status = RunCompleted(result=msgspec.Raw(result)), RunStatus.COMPLETED
        case Failed(error):
            event, status = RunFailed(error=msgspec.Raw(error)), RunStatus.FAILED
        case Cancelled(reason):
            event, status = RunCancelled(reason=reason), RunStatus.CANCELLED
        case unknown:
            assert_never(unknown)
    return event, End(status=status, notify=_notice(run, event))


def _notice(run: Child, event: EndEvent) -> Append | None:
    parent = run.parent
    if parent is None or parent.detached:
        return None
    notice: Event
    match event:
        case RunCompleted(result=result):
            notice = ChildCompleted(id=parent.ref, run_id=run.id, result=result)
        case RunFailed(error=error):
            notice = ChildFailed(id=parent.ref, run_id=run.id, error=error)
        case RunCancelled(reason=reason):
            notice = ChildCancelled(id=parent.ref, run_id=run.id, reason=reason)
        case unknown:
            assert_never(unknown)
    return Append(run_id=parent.run_id, events=(encode_event(notice),))
