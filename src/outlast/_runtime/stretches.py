"""What a tracer is told of a run that comes to life: how long it was due, and what has woken it."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
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


def tell_begun(observers: Observers, run: RunRecord, created: RunCreated) -> None:
    """This process has just created the run, and begins it."""
    if observers.tracer is not None:
        observers.tracer.run_taken(_stretch(run, created))


def tell_taken(observers: Observers, run: RunRecord, log: Sequence[StoredEvent]) -> None:
    """The run was claimed, and this is its log."""
    if observers.tracer is not None:
        observers.tracer.run_taken(_stretch_of(run, log))


def _stretch_of(run: RunRecord, log: Sequence[StoredEvent]) -> Stretch:
    """The stretch that begins with this log. What cannot be read of it is left to the replay to complain about."""
    try:
        created = decode_event(log[0]).event
        traces = tuple(_traces(log))
    except (DecodeError, IndexError):
        created, traces = None, ()
    known = created if isinstance(created, RunCreated) else None
    return _stretch(run, known, traces, _due_since(run, known, log), len(log))


def _stretch(
    run: RunRecord,
    created: RunCreated | None,
    woken_by: tuple[str, ...] = (),
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
    """A run that a time has woken, or that was taken from a dead worker, is not among those."""
    if run.epoch <= 1 and len(log) == 1:
        return run.created_at + (0 if created is None else created.delay)
    came = _came_since(log)
    return came[-1].at if came else None


def _came_since(log: Sequence[StoredEvent]) -> list[StoredEvent]:
    """What others have put behind the last event of the run's own, the latest first."""
    return list(takewhile(lambda event: event.kind in _FROM_OUTSIDE, reversed(log)))


def _traces(log: Sequence[StoredEvent]) -> Iterator[str]:
    for stored in reversed(_came_since(log)):
        if stored.kind == "hook_received":
            event = decode_event(stored).event
            if isinstance(event, HookReceived) and event.trace:
                yield event.trace
