"""What a live run has to write, and what of it is on its way."""

from collections.abc import Callable

import msgspec

from outlast._codec import encode_event
from outlast._model.events import (
    AttributesSet,
    Event,
    HookDisposed,
    HookExpired,
    HookOpened,
    StepStarted,
)
from outlast._model.runs import Attributes
from outlast.world import Advance, Advanced, Dispatch, HookDraft, Keep, RunDraft, Then


class QueueChanges(msgspec.Struct, gc=False):
    """What is to be put into the queue of steps, and taken out of it. By the step's id."""

    dispatches: dict[str, Dispatch]
    withdraws: dict[str, None]


class Opening(msgspec.Struct, frozen=True):
    """A hook to open."""

    draft: HookDraft
    event: HookOpened


class Sent(msgspec.Struct, frozen=True):
    """An advance on its way, as far as its answer needs it."""

    events: list[Event]
    then: Then
    children: bool
    """Whether it creates child runs."""
    queue: QueueChanges | None
    """Steps for other workers, and those that are not wanted any more."""
    opens: dict[str, Opening]
    """Hooks, by their refs."""

    def written(self, answer: Advanced) -> list[Event]:
        """The events of the advance that were written, in their order."""
        if answer.again:
            return []
        return [*[self.opens[ref].event for ref in answer.opened], *self.events]


class Outbox:
    """Gathers events until the next batch goes; one advance is on its way at a time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.then: Then = Keep()
        """What the next advance does with the run."""
        self.nudged = False
        """Whether others have put events into the log that the next advance is to fetch."""
        self.in_flight: Sent | None = None
        self._children: list[RunDraft] = []
        self._attributes: Attributes = {}
        self._queue: QueueChanges | None = None
        self._opens: dict[str, Opening] = {}
        self._disposes: list[str] = []

    @property
    def waiting(self) -> bool:
        """Whether there is something for the next batch."""
        return (
            bool(self.events)
            or self.nudged
            or self._queue is not None
            or bool(self._opens)
            or not isinstance(self.then, Keep)
        )

    def put(self, event: Event, child: RunDraft | None = None) -> None:
        """Write an event; with it, create a child; with `AttributesSet`, merge them into the row; with the
        end of a hook, free its token."""
        self.events.append(event)
        if child is not None:
            self._children.append(child)
        if isinstance(event, AttributesSet):
            self._attributes.update(event.attributes)
        elif isinstance(event, HookDisposed | HookExpired):
            self._opens.pop(event.id, None)
            self._disposes.append(event.id)

    def open(self, opening: Opening) -> None:
        """Open a hook."""
        self._opens[opening.draft.ref] = opening

    def dispatch(self, dispatch: Dispatch) -> None:
        """Put a step into the queue of other workers."""
        self._changes().dispatches[dispatch.ref] = dispatch

    def withdraw(self, ref: str) -> None:
        """Take a step out of the queue of other workers."""
        changes = self._changes()
        changes.dispatches.pop(ref, None)
        changes.withdraws[ref] = None

    def keep_dispatches(self, wanted: Callable[[str], bool]) -> None:
        """Forget the steps that are not wanted any more. One that is over by now would be made again: it has
        left the queue, so nothing there tells that it was in it."""
        if self._queue is not None and self._queue.dispatches:
            dispatches = self._queue.dispatches
            self._queue.dispatches = {ref: dispatches[ref] for ref in dispatches if wanted(ref)}

    def discard(self) -> None:
        """Forget what is not on its way."""
        self.events, self._children, self._attributes, self._queue = [], [], {}, None
        self._opens, self._disposes = {}, []

    def take(self, run_id: str, epoch: int, seen: int) -> Advance | None:
        """The next advance; `None` if there is nothing to write, or one is on its way."""
        if self.in_flight is not None or not self.waiting:
            return None
        queue = self._queue
        opens, disposes = self._opens, tuple(self._disposes)
        sent = self.in_flight = Sent(self.events, self.then, bool(self._children), queue, opens)
        children, attributes = tuple(self._children), self._attributes or None
        self.discard()
        self.then, self.nudged = Keep(), False
        return Advance(
            run_id=run_id,
            epoch=epoch,
            seen=seen,
            events=tuple([encode_event(event) for event in sent.events]),
            then=sent.then,
            attributes=attributes,
            progress=any(type(event) is not StepStarted for event in sent.events),
            children=children,
            dispatches=() if queue is None else tuple(queue.dispatches.values()),
            withdraws=() if queue is None else tuple(queue.withdraws),
            disposes=disposes,
            opens=tuple([opening.draft for opening in opens.values()]),
        )

    def answered(self) -> Sent | None:
        """The advance that was on its way is so no more."""
        sent, self.in_flight = self.in_flight, None
        return sent

    def _changes(self) -> QueueChanges:
        if self._queue is None:
            self._queue = QueueChanges({}, {})
        return self._queue
