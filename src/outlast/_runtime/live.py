"""A run that is live in this process: its log is fed to its execution, and what comes of that is written."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from outlast._clock import Micros
from outlast._codec import decode_event
from outlast._engine.commands import Command, SetAttributes
from outlast._engine.execution import Execution
from outlast._engine.outcome import Cancelled, Failed, Outcome
from outlast._model.events import (
    CancelRequested,
    Event,
    Logged,
    StepStarted,
)
from outlast._model.runs import Attributes, RunRecord
from outlast._runtime.attempts import AttemptEvent
from outlast._runtime.commands import CommandsUnderWay
from outlast._runtime.endings import end_of
from outlast._runtime.outbox import Outbox
from outlast._runtime.problems import problem_text
from outlast._runtime.shared import Shared
from outlast._runtime.underway import AttemptsUnderWay
from outlast._runtime.verify import verify_replay
from outlast._runtime.waiting import what_it_waits_for
from outlast.errors import RecoveryLimitError, SettingsError
from outlast.world import (
    Advance,
    Advanced,
    Block,
    Keep,
    Release,
    RunDraft,
    StoredEvent,
    Suspend,
    Then,
)

REPLAY_SLICE: Final = 500
"""So many events are replayed before other callbacks have their turn."""


class LiveRun:
    """Drives one execution. All methods are called on the host's loop; those that may turn the
    execution (`begin`, `advanced` and the timer) from callbacks, never from a task."""

    def __init__(self, runtime: Shared, run: RunRecord, execution: Execution) -> None:
        self.id, self.epoch, self.dispatched = run.id, run.epoch, False
        self.workflow, self.parent = run.workflow, run.parent
        self.record = run
        self.last_event: Event | None = None
        """The event that tells the run's end, once it has one."""
        self.execution = execution
        self.attempts = AttemptsUnderWay(runtime)
        self.gone = False
        """Not this process's any more: ended, suspended, handed back, blocked or fenced."""
        self._runtime = runtime
        self._outbox = Outbox()
        self._commands = CommandsUnderWay(runtime, self.attempts, self._outbox)
        self._seen = 0
        """How many events of the log this process has."""
        self._unread: deque[StoredEvent] = deque()
        """Those of them that are still to be fed."""
        self._untold = run.worker
        """The worker that has the run, until the log knows."""
        self._fed: list[Logged] | None = [] if runtime.options.verify_replay else None
        """What has been fed, if replay is to be verified."""

    @property
    def attributes(self) -> Attributes:
        """The run's attributes, as far as its log has been fed."""
        return dict(self.execution.attributes)

    # Coming to life

    def begin(self, log: deque[StoredEvent]) -> None:
        """Replay the log, a slice at a time, and take up what is outstanding."""
        if self.gone:
            return
        self._unread, self._seen = log, max(self._seen, log[-1].position + 1)
        for _ in range(min(len(log), REPLAY_SLICE)):
            if self._feed(log.popleft()) is None:
                return
        if log:
            self._runtime.call_soon(self.begin, log)
            return
        self._runtime.observers.run_claimed(self.id, self.epoch)
        if self.execution.outcome is not None:
            self._end(self.execution.outcome)
            return
        outstanding = self.execution.outstanding()
        if outstanding:
            self._commands.take_up(self, outstanding)
        self.settle()

    def begin_new(self, created: Logged) -> None:
        """Begin a run that this process has just created; or hand it back, if the process stops by now."""
        if self._runtime.draining:
            self.release()
            return
        self._runtime.observers.run_claimed(self.id, self.epoch)
        self._seen = 1
        if self._take(created):
            self.settle()

    def give_up(self) -> None:
        """Fail the run without running its code: too many workers have died with it."""
        error = RecoveryLimitError(self.id, self.record.recoveries)
        self._finish(Failed(self._runtime.codec.encode_error(error)))

    # Writing, as the committer asks for it

    def take_advance(self) -> Advance | None:
        """See `Advancing`."""
        if self.gone or (self._unread and isinstance(self._outbox.then, Keep)):
            return None  # in the middle of a replay: what has come since is fetched at its end
        # A retry and the outcome after it may have been read in one go.
        is_pending = self.execution.requests.operations.is_pending
        return self._outbox.take(self.id, self.epoch, self._seen, is_pending)

    def advanced(self, answer: Advanced, at: Micros) -> None:
        """See `Advancing`. Feeds what others have put before, then what was written."""
        sent = self._outbox.answered()
        if self.gone or sent is None:
            return
        if answer.fenced:
            self._runtime.observers.run_fenced(self.id)
            self.leave()
            return
        self._runtime.followers.tell(self.id)
        if (tracer := self._runtime.observers.tracer) is not None:
            for event in sent.written(answer):
                tracer.recorded(self.id, event)
        if not isinstance(sent.then, Keep) and self._left(sent.then, answer):
            return
        if sent.beside is not None and sent.beside.children:
            self._runtime.on_due(None)
        written = sent.written(answer)
        self._seen = answer.position
        self._unread.extend(answer.missed)
        if self._take_all(written, answer.position - len(written), at):
            if sent.beside is not None:
                self._commands.answered(self, sent.beside, answer)
            self.settle()

    def _take_all(self, written: Sequence[Event], position: int, at: Micros) -> bool:
        """Feed what is unread, then what was written from that position on. False if the run is over, or blocked."""
        while self._unread:
            if not self._take(self._unread.popleft()):
                return False
        for place, event in enumerate(written, position):
            if not self._take(Logged(place, at, event)):
                return False
        return True

    def abandoned(self, error: Exception) -> None:
        """See `Advancing`. The world is broken: the run stays there as it is."""
        self._outbox.answered()
        self.leave()

    def hand(self, event: StoredEvent) -> bool:
        """Feed what this process has put into the log from outside, if that is what comes next and nothing is on
        its way that could have been in between. False: it has to be fetched."""
        busy = self._unread or self._outbox.in_flight or not isinstance(self._outbox.then, Keep)
        if self.gone or busy or self.last_event is not None or event.position != self._seen:
            return False
        self._seen += 1
        if self._take(event):
            self.settle()
        return True

    def nudge(self) -> None:
        """Others have put events into the log: fetch them with the next batch."""
        self._outbox.nudged = True
        self._runtime.committer.advance(self)

    def write(self, event: Event, child: RunDraft | None = None) -> None:
        """Put an event into the log with the next batch; but not behind the run's end."""
        if not self.gone and self.last_event is None:
            self._outbox.put(event, child)
            self._runtime.committer.advance(self)

    def tell(self, event: StepStarted | AttemptEvent) -> None:
        """Put what an attempt has come to into the log. The first of a claim says who has the run."""
        if isinstance(event, StepStarted):
            event = replace(event, waits=what_it_waits_for(self._commands.waits()))
        if self._untold:
            event, self._untold = replace(event, owner=self._untold), None
        self.write(event)

    # Leaving

    def release(self) -> None:
        """Hand the run back: the process stops. Attempts in flight are cancelled."""
        self.attempts.cancel_all()
        if not self.gone and isinstance(self._outbox.then, Keep):
            self._then(Release())

    def leave(self) -> None:
        """Drop everything that is under way for the run, and its memory. Idempotent."""
        if self.gone:
            return
        self.gone = True
        self.attempts.cancel_all()
        self._commands.close()
        self.execution.close()
        self._runtime.forget(self)

    def _then(self, then: Then) -> None:
        self._outbox.then = then
        self._runtime.committer.advance(self)

    def _left(self, then: Then, answer: Advanced) -> bool:
        """Whether the run has left this process with this advance."""
        if isinstance(then, Suspend) and answer.kept:
            return False
        self._runtime.tell(self, then)  # first: who waits for the end must not go and ask for it
        self.leave()
        return True

    # Feeding

    def _feed(self, event: StoredEvent | Logged) -> Sequence[Command] | None:
        """Feed one event; the commands it leads to. `None` if it does not fit: the run is blocked."""
        try:
            logged = decode_event(event) if isinstance(event, StoredEvent) else event
            if self._fed is not None:
                self._fed.append(logged)
            commands = self.execution.feed(logged)
        except Exception as problem:  # noqa: BLE001 - one run's odd value must not stop the others
            self._block(problem)
            return None
        if self.execution.loop.reports:
            self._runtime.report(self)
        return commands

    def _take(self, event: StoredEvent | Logged) -> bool:
        """Feed an event that is new, and do what it leads to. False if the run is over, or blocked."""
        commands = self._feed(event)
        if commands is None:
            return False
        if isinstance(event, StoredEvent) and (tracer := self._runtime.observers.tracer):
            tracer.run_heard(self.id, decode_event(event).event)
        if self.execution.outcome is not None:
            # Attributes that the code has set without waiting for them go with its end.
            self._commands.carry_out(
                self, [one for one in commands if isinstance(one, SetAttributes)]
            )
            self._end(self.execution.outcome)
            return False
        if commands:
            self._commands.carry_out(self, commands)
        return True

    def _end(self, outcome: Outcome) -> None:
        if self._replays():
            # What is outstanding now are children to cancel; they are queued before the end is.
            self._commands.carry_out(self, self.execution.outstanding())
            self._finish(outcome)

    def _replays(self) -> bool:
        """Verify, if that is wished, that the code does the same again. False: the run is blocked."""
        if self._fed is None:
            return True
        try:
            verify_replay(self.execution, self._fed, self._runtime.codec)
        except Exception as problem:  # noqa: BLE001 - the same: an odd value is the affair of one run
            self._block(problem)
            return False
        return True

    def _block(self, problem: Exception) -> None:
        self.attempts.cancel_all()
        self._outbox.discard()
        cancel = self.execution.cancel_requested or _cancel_in(self._unread)
        if cancel is not None:
            self._finish(Cancelled(cancel.reason))
        else:
            # The next worker that starts tries it again: the code need not be another one, but the settings.
            is_setting = isinstance(problem, SettingsError)
            digest = "" if is_setting else self._runtime.source_digest(self.workflow)
            text = problem_text(problem, self._runtime.codec)
            self._then(Block(problem=text, digest=digest))

    def _finish(self, outcome: Outcome) -> None:
        self.attempts.cancel_all()
        self.last_event, then = end_of(self, outcome)
        self._outbox.put(self.last_event)
        self._then(then)

    # Waiting

    def settle(self) -> None:
        """After a turn: write what there is to write, arm the timer, or let go if nothing runs."""
        self._commands.begin_held(self)
        if self._outbox.waiting:
            self._runtime.committer.advance(self)
            return
        if self.gone or self._outbox.in_flight is not None:
            return
        if self._commands.arm(self._on_time) or self.attempts:
            return
        if self.execution.requests.operations.awaits_others or self.execution.hooks.any_live:
            self._runtime.linger(self)
        else:
            self.suspend()

    def suspend(self) -> None:
        """Let go, unless something is under way by now, or due soon."""
        idle = not (self.attempts or self._outbox.waiting or self._outbox.in_flight)
        if self.gone or not idle or self._commands.arm(self._on_time) or not self._replays():
            return
        waiting = what_it_waits_for(self.execution.outstanding())
        self._then(Suspend(due_at=self._commands.next_due(), waiting=waiting))

    def _on_time(self) -> None:
        if self.gone or self._outbox.leaving:
            return  # what is due is due wherever the run goes on
        self._commands.do_due(self)
        self.settle()


def _cancel_in(log: deque[StoredEvent]) -> CancelRequested | None:
    """The first request to cancel in the part of a log that could not be replayed."""
    for stored in log:
        event = decode_event(stored).event if stored.kind == "cancel_requested" else None
        if isinstance(event, CancelRequested):
            return event
    return None
