"""What a live run has to write, and what of it is on its way."""

import msgspec

from outlast._codec import encode_event
from outlast._model.events import AttributesSet, Event, StepStarted
from outlast._model.runs import Attributes
from outlast.world import Advance, Keep, RunDraft, Then


class Sent(msgspec.Struct, frozen=True):
    """An advance on its way, as far as its answer needs it."""

    events: list[Event]
    then: Then
    children: bool
    """Whether it creates child runs."""


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

    @property
    def waiting(self) -> bool:
        """Whether there is something for the next batch."""
        return bool(self.events) or self.nudged or not isinstance(self.then, Keep)

    def put(self, event: Event, child: RunDraft | None = None) -> None:
        """Write an event; with it, create a child; with `AttributesSet`, merge them into the row."""
        self.events.append(event)
        if child is not None:
            self._children.append(child)
        if isinstance(event, AttributesSet):
            self._attributes.update(event.attributes)

    def discard(self) -> None:
        """Forget what is not on its way."""
        self.events, self._children, self._attributes = [], [], {}

    def take(self, run_id: str, epoch: int, seen: int) -> Advance | None:
        """The next advance; `None` if there is nothing to write, or one is on its way."""
        if self.in_flight is not None or not self.waiting:
            return None
        sent = self.in_flight = Sent(self.events, self.then, bool(self._children))
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
        )

    def answered(self) -> Sent | None:
        """The advance that was on its way is so no more."""
        sent, self.in_flight = self.in_flight, None
        return sent
