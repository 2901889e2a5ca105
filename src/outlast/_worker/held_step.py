"""A dispatched step that this worker has claimed: its attempt, and what it tells the log of the run."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Final, assert_never

import msgspec

from outlast._clock import Micros
from outlast._codec import encode_event
from outlast._engine.commands import RunStep
from outlast._ids import new_key
from outlast._model.events import AttributesSet, Event, StepFailed, StepRetried, StepStarted
from outlast._model.runs import Attributes
from outlast._runtime.attempts import Attempt, AttemptEvent, AttemptTask, Due
from outlast._runtime.dispatching import step_call
from outlast._runtime.shared import Shared
from outlast.world import Again, Begun, ClaimedStep, Done, Progress, Settle, Settled

logger: Final = logging.getLogger("outlast")


class HeldStep:
    """Stands in for the run towards the attempt.

    `on_over` is called once, when the worker holds the step no more: with the time at which its next
    attempt becomes due, if one was written.
    """

    def __init__(
        self,
        runtime: Shared,
        claimed: ClaimedStep,
        command: RunStep,
        on_over: Callable[["HeldStep", Micros | None], None],
        *,
        worker: str,
    ) -> None:
        self.key, self.id, self.workflow = claimed.key, claimed.key.run_id, claimed.workflow
        self.epoch, self.dispatched = claimed.epoch, True
        self.over = False
        """Decided or handed back, and written; or withdrawn; or another worker's."""
        self.task: asyncio.Task[None] | None = None
        """The attempt, once there was room to begin it."""
        self._runtime, self._command = runtime, command
        self._due = due_of(claimed)
        self._worker = worker
        self._attributes = dict(claimed.attributes)
        self._on_over = on_over
        self._events: list[Event] = []
        """What is to be written."""
        self._then: Done | StepRetried | Again | None = None
        """How it leaves this worker, if that is known."""
        self._writing = False
        """Whether something is on its way; what comes meanwhile goes together after it."""

    # The run of the attempt

    @property
    def attributes(self) -> Attributes:
        """The run's attributes at the time of the claim, and what the step has set since."""
        return dict(self._attributes)

    def write(self, event: Event) -> None:
        """Put an event into the log with the next batch; but not behind the step's outcome."""
        if self.over or self._then is not None:
            return
        if isinstance(event, AttributesSet):
            self._attributes.update(event.attributes)
            event = msgspec.structs.replace(event, key=new_key())
        self._events.append(event)
        self._write_soon()

    def tell(self, event: StepStarted | AttemptEvent) -> None:
        """Put what the attempt has come to into the log, and who makes it. Its outcome decides."""
        if self.over or self._then is not None:
            return  # handed back meanwhile, and went on
        event = msgspec.structs.replace(event, worker=self._worker)
        if isinstance(event, StepStarted):
            self._events.append(event)
        else:
            # That it has started, if that is not written yet, its outcome tells too.
            self._events = [one for one in self._events if not isinstance(one, StepStarted)]
            self._events.append(event)
            self._then = event if isinstance(event, StepRetried) else Done()
        self._write_soon()

    @property
    def decided(self) -> bool:
        """Whether it is known how the step leaves this worker, and only to be written."""
        return self._then is not None

    # From the claim to the outcome

    def begin(self) -> None:
        """Make the attempt, now or when there is room."""
        self._runtime.slots.enter(self._begin)

    def fail(self, error: Exception) -> None:
        """Decide that the step has failed, without an attempt."""
        now, command = self._runtime.clock.now(), self._command
        self.tell(
            StepFailed(
                id=command.ref,
                name=command.definition.name,
                digest=command.digest,
                attempt=command.attempt,
                started_at=now,
                error=msgspec.Raw(self._runtime.codec.encode_error(error)),
                line=command.line,
            )
        )

    def hand_back(self) -> None:
        """Give the attempt to another worker: this one stops."""
        if self.over or self._then is not None:
            return
        self._cancel()
        self._then = Again(attempt=self._command.attempt, delay=0)
        self._write_soon()

    def drop(self) -> None:
        """Stop the attempt and write nothing more: the step was withdrawn, or is lost. Idempotent."""
        if not self.over:
            self._cancel()
            self._leave(None)

    def _begin(self) -> bool:
        if self.over or self._then is not None:
            return False
        self._runtime.clock.hold()
        self.task = AttemptTask(
            self._make(), loop=self._runtime.loop, context=self._runtime.context.copy()
        )
        self.task.add_done_callback(self._ended)
        return True

    async def _make(self) -> None:
        # Claimed more often than attempted: an attempt was left by another worker, in part.
        taken_up = self.epoch > self._command.attempt
        attempt = Attempt(self._runtime, self, self._command, taken_up=taken_up, due=self._due)
        attempt.note_start()
        self.tell(await attempt.make())

    def _ended(self, _task: asyncio.Task[None]) -> None:
        self._runtime.clock.release()
        self._runtime.slots.leave()

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    # Writing

    def _write_soon(self) -> None:
        """Write when the code that runs now has come to a halt: a quick step is one event then."""
        if not self._writing:
            self._writing = True
            self._runtime.call_soon(self._write_now)

    def _write_now(self) -> None:
        if self.over:
            return
        events, self._events = self._events, []
        attributes: Attributes = {}
        for event in events:
            if isinstance(event, AttributesSet):
                attributes.update(event.attributes)
        progress = self._progress()
        settle = Settle(
            run_id=self.id,
            ref=self.key.ref,
            epoch=self.epoch,
            events=tuple([encode_event(event) for event in events]),
            then=progress,
            attributes=attributes or None,
        )
        self._runtime.committer.settle(settle, partial(self._written, progress, events))

    def _written(
        self, progress: Progress, events: list[Event], answer: Settled | Exception
    ) -> None:
        self._writing = False
        if self.over:
            return
        if isinstance(answer, Exception):
            self.drop()  # the world is broken: the step stays there as it is
        elif answer.fenced:
            self._fenced()
        else:
            self._runtime.followers.tell(self.id)
            if (tracer := self._runtime.observers.tracer) is not None:
                for event in events:
                    tracer.recorded(self.id, event)
            self._go_on(progress)

    def _go_on(self, progress: Progress) -> None:
        match progress:
            case Begun():
                if self._events or self._then is not None:
                    self._write_soon()
            case Again(delay=delay):
                self._leave(self._runtime.clock.now() + delay)
            case Done():
                self._runtime.woke(self.key.run_id)
                self._leave(None)
            case unknown:
                assert_never(unknown)

    def _progress(self) -> Progress:
        match self._then:
            case None:
                return Begun()
            case StepRetried(attempt=attempt, retry_at=retry_at):
                delay = max(0, retry_at - self._runtime.clock.now())
                return Again(attempt=attempt + 1, delay=delay)
            case then:
                return then

    def _fenced(self) -> None:
        # That work was in vain is worth a warning; that a step was withdrawn while it ran is not.
        logger.log(
            logging.WARNING if self.decided else logging.INFO,
            "what this worker has to say of step %s in run %s is dropped: "
            "the step was withdrawn, or another worker has it by now",
            self.key.ref,
            self.id,
        )
        self.drop()

    def _leave(self, again_at: Micros | None) -> None:
        self.over = True
        self._on_over(self, again_at)


def due_of(claimed: ClaimedStep) -> Due:
    """Since when its first attempt was due, and in which trace. When a later one was due nobody has kept."""
    call = step_call(claimed)
    is_first = claimed.attempt == 1 and claimed.epoch == 1
    return Due(call.due_at if is_first and call.due_at else None, call.trace, queued=True)
