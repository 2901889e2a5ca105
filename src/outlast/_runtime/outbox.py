"""What a live run has to write, and what of it is on its way."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

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


class Opening(msgspec.Struct, frozen=True):
    """A hook to open."""

    draft: HookDraft
    event: HookOpened


class Beside(msgspec.Struct):
    """What an advance changes beside the log: the run's attributes, children, the queue of steps, and the hooks. By
    the ids of what the code has asked for. Most advances change nothing there."""

    attributes: Attributes = {}
    children: list[RunDraft] = []
    dispatches: dict[str, Dispatch] = {}
    withdraws: dict[str, None] = {}
    opens: dict[str, Opening] = {}
    disposes: dict[str, None] = {}

    def keep_dispatches(self, wanted: Callable[[str], bool]) -> None:
        """Forget the steps for other workers that are not wanted any more."""
        self.dispatches = {ref: one for ref, one in self.dispatches.items() if wanted(ref)}

    def put_into(self, advance: Advance) -> Advance:
        """The advance with these changes."""
        return replace(
            advance,
            attributes=self.attributes or None,
            children=tuple(self.children),
            dispatches=tuple(self.dispatches.values()),
            withdraws=tuple(self.withdraws),
            disposes=tuple(self.disposes),
            opens=tuple([opening.draft for opening in self.opens.values()]),
        )


class Sent(msgspec.Struct, frozen=True):
    """An advance on its way, as far as its answer needs it."""

    events: list[Event]
    then: Then
    beside: Beside | None

    def written(self, answer: Advanced) -> list[Event]:
        """The events of the advance that were written, in their order."""
        if answer.again:
            return []
        if self.beside is None or not answer.opened:
            return self.events
        return [*[self.beside.opens[ref].event for ref in answer.opened], *self.events]


class Outbox:
    """Gathers events until the next batch goes; one advance is on its way at a time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.then: Then = _KEEP
        """What the next advance does with the run."""
        self.nudged = False
        """Whether others have put events into the log that the next advance is to fetch."""
        self.in_flight: Sent | None = None
        self._beside: Beside | None = None

    @property
    def waiting(self) -> bool:
        """Whether there is something for the next batch."""
        return (
            bool(self.events)
            or self.nudged
            or self._beside is not None
            or not isinstance(self.then, Keep)
        )

    @property
    def leaving(self) -> bool:
        """Whether the run leaves with the next advance, or with the one that is on its way."""
        on_its_way = self.in_flight is not None and not isinstance(self.in_flight.then, Keep)
        return on_its_way or not isinstance(self.then, Keep)

    def put(self, event: Event, child: RunDraft | None = None) -> None:
        """Write an event; with it, create a child; with `AttributesSet`, merge them into the row; with the
        end of a hook, free its token."""
        self.events.append(event)
        if child is not None:
            self._changes().children.append(child)
        if isinstance(event, AttributesSet):
            self._changes().attributes.update(event.attributes)
        elif isinstance(event, _ENDS_OF_HOOKS):
            beside = self._changes()
            beside.opens.pop(event.id, None)
            beside.disposes[event.id] = None

    def open(self, opening: Opening) -> None:
        """Open a hook."""
        self._changes().opens[opening.draft.ref] = opening

    def dispatch(self, dispatch: Dispatch) -> None:
        """Put a step into the queue of other workers."""
        self._changes().dispatches[dispatch.ref] = dispatch

    def withdraw(self, ref: str) -> None:
        """Take a step out of the queue of other workers."""
        changes = self._changes()
        changes.dispatches.pop(ref, None)
        changes.withdraws[ref] = None

    def discard(self) -> None:
        """Forget what is not on its way."""
        self.events, self._beside = [], None

    def take(
        self, run_id: str, epoch: int, seen: int, wanted: Callable[[str], bool]
    ) -> Advance | None:
        """The next advance; `None` if there is nothing to write, or one is on its way. Of the steps for other workers
        it has those that are still wanted: one that is over by now would be made again, since it has left
        the queue, so that nothing there tells that it was in it."""
        if self.in_flight is not None or not self.waiting:
            return None
        if self._beside is not None:
            self._beside.keep_dispatches(wanted)
        sent = self.in_flight = Sent(self.events, self.then, self._beside)
        self.discard()
        self.then, self.nudged = _KEEP, False
        advance = Advance(
            run_id=run_id,
            epoch=epoch,
            seen=seen,
            events=tuple([encode_event(event) for event in sent.events]),
            then=sent.then,
            progress=any(type(event) is not StepStarted for event in sent.events),
        )
        return advance if sent.beside is None else sent.beside.put_into(advance)

    def answered(self) -> Sent | None:
        """The advance that was on its way is so no more."""
        sent, self.in_flight = self.in_flight, None
        return sent

    def _changes(self) -> Beside:
        if self._beside is None:
            self._beside = Beside()
        return self._beside


_KEEP: Final = Keep()
_ENDS_OF_HOOKS: Final = (HookDisposed, HookExpired)
