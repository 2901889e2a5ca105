"""A run that is live in this process: its execution, and everything that is under way for it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from outlast._clock import Micros, Timer
from outlast._codec import decode_event, encode_event
from outlast._engine.commands import (
    CancelChild,
    CancelStep,
    CancelWait,
    Command,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.execution import Execution
from outlast._engine.outcome import Cancelled, Failed, Outcome
from outlast._model.events import (
    AttributesSet,
    CancelRequested,
    ChildStarted,
    Event,
    Logged,
    StepStarted,
    WaitCompleted,
)
from outlast._model.runs import Attributes, RunRecord
from outlast._runtime.attempts import Attempt
from outlast._runtime.children import child_draft
from outlast._runtime.endings import end_of
from outlast._runtime.verify import verify_replay
from outlast._runtime.waiting import what_it_waits_for
from outlast.errors import OutlastError, RecoveryLimitError
from outlast.world import (
    Advance,
    Advanced,
    Append,
    Block,
    Keep,
    Release,
    RunDraft,
    StoredEvent,
    Suspend,
    Then,
)

if TYPE_CHECKING:  # a live run is made by its runtime and leads back to it
    from outlast._runtime.runtime import Runtime

REPLAY_SLICE: Final = 500
"""So many events are replayed before other callbacks have their turn."""


class LiveRun:
    """Drives one execution. All methods are called on the host's loop; those that may turn the
    execution (`begin`, `advanced` and the timer) from callbacks, never from a task."""

    def __init__(self, runtime: "Runtime", run: RunRecord, execution: Execution) -> None:
        self.id, self.epoch = run.id, run.epoch
        self.workflow, self.parent = run.workflow, run.parent
        self.record = run
        self.last_event: Event | None = None
        """The event that tells the run's end, once it has one."""
        self.execution = execution
        self.attempts: dict[str, asyncio.Task[None] | None] = {}
        """The attempts under way; `None` for one that waits for room."""
        self.waits: dict[str, StartWait] = {}
        self.retries: dict[str, RunStep] = {}
        self.gone = False
        """Not this process's any more: ended, suspended, handed back, blocked or fenced."""
        self.releasing = False
        self._runtime = runtime
        self._outbox: list[Event] = []
        self._drafts: list[RunDraft] = []
        self._attributes: Attributes = {}
        self._nudged = False
        self._in_flight: list[Event] | None = None
        self._new_children = False
        self._unread: deque[StoredEvent] = deque()
        self._fed: list[Logged] | None = [] if runtime.options.verify_replay else None
        """What has been fed, if replay is to be verified."""
        self._then: Then = Keep()
        """What the next advance does with the run."""
        self._sent: Then = Keep()
        """What the advance in flight does with it."""
        self._timer: Timer | None = None
        self._timer_at: Micros = 0

    @property
    def attributes(self) -> Attributes:
        """The run's attributes, as far as its log has been fed."""
        return dict(self.execution.attributes)

    # Coming to life

    def begin(self, log: deque[StoredEvent]) -> None:
        """Replay the log, a slice at a time, and take up what is outstanding."""
        if self.gone:
            return
        self._unread = log
        for _ in range(min(len(log), REPLAY_SLICE)):
            if not self._feed(decode_event(log.popleft()), dispatch=False):
                return
        if log:
            self._runtime.call_soon(self.begin, log)
            return
        self._runtime.observers.run_claimed(self.id, self.epoch)
        self._dispatch(self.execution.outstanding())
        self.settle()

    def begin_new(self, created: Logged) -> None:
        """Begin a run that this process has just created."""
        self._runtime.observers.run_claimed(self.id, self.epoch)
        if self._feed(created):
            self.settle()

    def give_up(self) -> None:
        """Fail the run without running its code: too many workers have died with it."""
        error = RecoveryLimitError(self.id, self.record.recoveries)
        self._finish(Failed(self._runtime.codec.encode_error(error)))

    # Writing, as the committer asks for it

    def take_advance(self) -> Advance | None:
        """See `Advancing`."""
        if self._in_flight is not None or self.gone:
            return None
        events, self._outbox = self._outbox, []
        drafts, self._drafts = self._drafts, []
        attributes, self._attributes = self._attributes, {}
        self._sent, self._then = self._then, Keep()
        if not events and isinstance(self._sent, Keep) and not self._nudged:
            return None
        self._nudged = False
        self._in_flight = events
        self._new_children = bool(drafts)
        return Advance(
            run_id=self.id,
            epoch=self.epoch,
            seen=self.execution.position,
            events=tuple([encode_event(event) for event in events]),
            then=self._sent,
            attributes=attributes or None,
            progress=any(not isinstance(event, StepStarted) for event in events),
            children=tuple(drafts),
        )

    def advanced(self, answer: Advanced, at: Micros) -> None:
        """See `Advancing`. Feeds what others have put before, then what was written."""
        events, self._in_flight = self._in_flight or [], None
        then = self._sent
        if self.gone:
            return
        if answer.fenced:
            self._runtime.observers.run_fenced(self.id)
            self.leave()
            return
        self._runtime.followers.tell(self.id)
        if not isinstance(then, Keep) and self._left(then, answer):
            return
        if self._new_children:
            self._runtime.on_due(None)
        position = answer.position - len(events)
        for stored in answer.missed:
            if not self._feed(decode_event(stored)):
                return
        for event in events:
            if not self._feed(Logged(position, at, event)):
                return
            position += 1
        self.settle()

    def abandoned(self, error: Exception) -> None:
        """See `Advancing`. The world is broken: the run stays there as it is."""
        self._in_flight = None
        self.leave()

    def nudge(self) -> None:
        """Others have put events into the log: fetch them with the next batch."""
        self._nudged = True
        self._runtime.committer.advance(self)

    def write(self, event: Event) -> None:
        """Put an event into the log with the next batch; but not behind the run's end."""
        if not self.gone and self.last_event is None:
            self._outbox.append(event)
            self._runtime.committer.advance(self)

    def write_attributes(self, event: AttributesSet) -> None:
        """Put attributes into the log and onto the row with the next batch."""
        if not self.gone and self.last_event is None:
            self._attributes.update(event.attributes)
            self.write(event)

    # Leaving

    def release(self) -> None:
        """Hand the run back: the process stops. Attempts in flight are cancelled."""
        self.releasing = True
        self._cancel_attempts()
        if not self.gone and isinstance(self._then, Keep):
            self._then = Release()
            self._runtime.committer.advance(self)

    def leave(self) -> None:
        """Drop everything that is under way for the run, and its memory. Idempotent."""
        if self.gone:
            return
        self.gone = True
        self._cancel_attempts()
        if self._timer is not None:
            self._timer.cancel()
        self.execution.close()
        self._runtime.forget(self)

    def _left(self, then: Then, answer: Advanced) -> bool:
        """Whether the run has left this process with this advance."""
        if isinstance(then, Suspend) and answer.kept:
            return False
        self.leave()
        self._runtime.tell(self, then)
        return True

    def _cancel_attempts(self) -> None:
        attempts, self.attempts = self.attempts, {}
        for task in attempts.values():
            if task is not None:
                task.cancel()

    # Feeding and dispatching

    def _feed(self, logged: Logged, *, dispatch: bool = True) -> bool:
        """Feed one event. False if the run is over, or cannot go on."""
        if self._fed is not None:
            self._fed.append(logged)
        try:
            commands = self.execution.feed(logged)
        except OutlastError as problem:
            self._block(problem)
            return False
        if self.execution.loop.reports:
            self._runtime.report(self)
        if self.execution.outcome is not None:
            if not self._replays():
                return False
            # What is outstanding now are children to cancel; they are queued before the end is.
            self._dispatch(self.execution.outstanding())
            self._finish(self.execution.outcome)
            return False
        if dispatch and commands:
            self._dispatch(commands)
        return True

    def _replays(self) -> bool:
        """Verify, if that is wished, that the code does the same again. False: the run is blocked."""
        if self._fed is None:
            return True
        try:
            verify_replay(self.execution, self._fed, self._runtime.codec)
        except OutlastError as problem:
            self._block(problem)
            return False
        return True

    def _block(self, problem: OutlastError) -> None:
        self._cancel_attempts()
        self._outbox, self._drafts, self._attributes = [], [], {}
        if self.execution.cancel_requested or _cancels(self._unread):
            self._finish(Cancelled(None))
            return
        digest = self._runtime.source_digest(self.workflow)
        self._then = Block(problem=str(problem), digest=digest)
        self._runtime.committer.advance(self)

    def _finish(self, outcome: Outcome) -> None:
        self._cancel_attempts()
        self.last_event, self._then = end_of(self, outcome)
        self._outbox.append(self.last_event)
        self._runtime.committer.advance(self)

    def _dispatch(self, commands: Sequence[Command]) -> None:
        for command in commands:
            match command:
                case RunStep():
                    self._run_step(command)
                case StartWait():
                    self.waits[command.ref] = command
                case StartChild():
                    self._start_child(command)
                case SetAttributes():
                    self.write_attributes(
                        AttributesSet(
                            attributes=command.attributes, id=command.ref, line=command.line
                        )
                    )
                case CancelStep():
                    self.retries.pop(command.ref, None)
                    if task := self.attempts.pop(command.ref, None):
                        task.cancel()
                case CancelWait():
                    self.waits.pop(command.ref, None)
                case CancelChild():
                    self._cancel_child(command)
                case unknown:
                    assert_never(unknown)

    def _run_step(self, command: RunStep) -> None:
        if command.not_before and command.not_before > self._runtime.clock.now():
            self.retries[command.ref] = command
        elif not self._runtime.draining:
            self.attempts[command.ref] = None
            self._runtime.slots.enter(partial(self._begin_attempt, command))

    def _begin_attempt(self, command: RunStep) -> None:
        if command.ref not in self.attempts:  # cancelled while it waited for room
            self._runtime.slots.leave()
            return
        self._runtime.clock.hold()
        task = self._runtime.loop.create_task(self._attempt(command))
        # Not in the task: one that is cancelled before its first turn runs no code at all.
        task.add_done_callback(self._attempt_over)
        self.attempts[command.ref] = task

    async def _attempt(self, command: RunStep) -> None:
        attempt = Attempt(self._runtime, self, command)
        self._runtime.slow_attempts.add(attempt)
        event = await attempt.make()
        if self.attempts.pop(command.ref, None) is not None:  # else it was cancelled, and went on
            self.write(event)

    def _attempt_over(self, _task: asyncio.Task[None]) -> None:
        self._runtime.clock.release()
        self._runtime.slots.leave()

    def _start_child(self, command: StartChild) -> None:
        if command.ref in self.execution.started_children:
            return
        self._drafts.append(child_draft(self.record, command, version=self._runtime.version))
        self.write(
            ChildStarted(
                id=command.ref,
                workflow=command.request.workflow,
                digest=command.request.digest,
                run_id=command.run_id,
                detached=command.request.detached,
                line=command.line,
            )
        )

    def _cancel_child(self, command: CancelChild) -> None:
        reason = f"its parent {self.id} does not wait for it any more"
        event = encode_event(CancelRequested(reason=reason))
        self._runtime.append(Append(run_id=command.run_id, events=(event,)))

    # Waiting

    def settle(self) -> None:
        """After a turn: write what there is to write, arm the timer, or let go if nothing runs."""
        if self._outbox or self._nudged or not isinstance(self._then, Keep):
            self._runtime.committer.advance(self)
        if self.gone or self._in_flight is not None or self._outbox:
            return
        due_at = self.next_due()
        if self.attempts:
            if due_at is not None:
                self._arm(due_at)
        elif (
            due_at is not None
            and due_at <= self._runtime.clock.now() + self._runtime.options.linger
        ):
            self._arm(due_at)
        elif self.execution.requests.operations.awaits_children:
            self._runtime.linger(self)
        else:
            self.suspend()

    def suspend(self) -> None:
        """Let go, unless something is under way by now."""
        if self.gone or self.attempts or self._outbox or self._in_flight is not None:
            return
        if self._nudged or not isinstance(self._then, Keep) or not self._replays():
            return
        waiting = what_it_waits_for(self.execution.outstanding())
        self._then = Suspend(due_at=self.next_due(), waiting=waiting)
        self._runtime.committer.advance(self)

    def next_due(self) -> Micros | None:
        """When the next wait or attempt is due."""
        if not self.waits and not self.retries:
            return None
        times = [wait.deadline for wait in self.waits.values()]
        times += [step.not_before for step in self.retries.values()]
        return min(times, default=None)

    def _arm(self, when: Micros) -> None:
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._runtime.clock.call_at(when, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        if self.gone:
            return
        now = self._runtime.clock.now()
        for ref, step in list(self.retries.items()):
            if step.not_before <= now:
                del self.retries[ref]
                self._run_step(step)
        due = sorted(
            (wait for wait in self.waits.values() if wait.deadline <= now),
            key=lambda wait: wait.deadline,
        )
        for wait in due:
            del self.waits[wait.ref]
            self.write(
                WaitCompleted(
                    id=wait.ref, deadline=wait.deadline, started_at=wait.started_at, line=wait.line
                )
            )
        self.settle()


def _cancels(log: deque[StoredEvent]) -> bool:
    """Whether somebody has asked to cancel a run in the part of its log that could not be replayed."""
    return any(stored.kind == "cancel_requested" for stored in log)
