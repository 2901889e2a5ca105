"""What a tracer is told of a run that comes to life: how long it was due, and what has woken it."""

from collections.abc import Sequence
from contextvars import Context
from typing import Final

from outlast._clock import Micros
from outlast._codec import decode_event
from outlast._model.events import HookReceived, RunCreated
from outlast._model.runs import RunRecord
from outlast._runtime.observers import Observers
from outlast.errors import DecodeError
from outlast.instrument import Stretch
from outlast.world import StoredEvent

_FROM_OUTSIDE: Final = frozenset(
    {"hook_received", "cancel_requested", "wake_requested"}
    | {"child_completed", "child_failed", "child_cancelled"}
)


def tell_begun(observers: Observers, run: RunRecord, created: RunCreated) -> Context:
    """This process has just created the run, and begins it. Gives what its code is to begin with."""
    if (tracer := observers.tracer) is None:
        return Context()
    tracer.run_taken(_stretch(run, created, due_since=run.created_at))
    return tracer.context_of(run.id)


def tell_taken(observers: Observers, run: RunRecord, log: Sequence[StoredEvent]) -> Context:
    """The same for a run that was claimed, and this is its log."""
    if (tracer := observers.tracer) is None:
        return Context()
    tracer.run_taken(_stretch_of(run, log))
    return tracer.context_of(run.id)


def _stretch_of(run: RunRecord, log: Sequence[StoredEvent]) -> Stretch:
    """The stretch that begins with this log. What cannot be read of it is left to the replay to complain about."""
    try:
        created = decode_event(log[0]).event
        trace = _waking_trace(log[-1])
    except (DecodeError, IndexError):
        created, trace = None, ""
    known = created if isinstance(created, RunCreated) else None
    if run.recoveries:
        return _stretch(run, known, events=len(log))  # a death has woken it
    return _stretch(run, known, trace, _due_since(run, known, log), len(log))


def _stretch(
    run: RunRecord,
    created: RunCreated | None,
    woken_by: str = "",
    due_since: Micros | None = None,
    events: int = 1,
) -> Stretch:
    return Stretch(
        run_id=run.id,
        workflow=run.workflow,
        version=run.version,
        epoch=run.epoch,
        worker=run.worker or "",
        trace="" if created is None else created.trace,
        woken_by=woken_by,
        created_at=run.created_at,
        due_since=due_since,
        events=events,
    )


def _due_since(
    run: RunRecord, created: RunCreated | None, log: Sequence[StoredEvent]
) -> Micros | None:
    """Of a run that was woken by a time, this is when the last thing came before; the tracer is to see to that."""
    if run.epoch <= 1 and len(log) == 1:
        return run.created_at + (0 if created is None else created.delay)
    return log[-1].at if log and log[-1].kind in _FROM_OUTSIDE else None


def _waking_trace(last: StoredEvent) -> str:
    event = decode_event(last).event if last.kind == "hook_received" else None
    return event.trace if isinstance(event, HookReceived) else ""
