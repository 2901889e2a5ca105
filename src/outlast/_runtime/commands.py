"""What a live run does of what its code has asked for: commands, until the log or a later command settles them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, assert_never

from outlast._clock import Micros
from outlast._engine.commands import (
    CancelChild,
    CancelStep,
    CancelWait,
    Command,
    DisposeHook,
    KeepHook,
    OpenHook,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.execution import Execution
from outlast._model.events import AttributesSet, Event, WaitCompleted
from outlast._model.runs import RunRecord
from outlast._runtime.agenda import Agenda
from outlast._runtime.attempts import Run
from outlast._runtime.children import child_cancellation, child_draft, child_started
from outlast._runtime.dispatching import DispatchedSteps
from outlast._runtime.hooks import HooksOfRun
from outlast._runtime.outbox import Beside, Outbox
from outlast._runtime.shared import Shared
from outlast._runtime.underway import AttemptsUnderWay
from outlast.world import Advanced, RunDraft


class LiveRun(Run, Protocol):
    """The run whose code asks."""

    execution: Execution
    record: RunRecord

    def write(self, event: Event, child: RunDraft | None = None) -> None:
        """Put an event into the log with the next batch, and with it create a child."""
        ...


class CommandsUnderWay:
    """Begins attempts, waits and children, opens hooks, and takes back what is not wanted any more. What comes of it
    goes into the log of the run.

    It keeps no reference to the run, but for its hooks: the memory of one that has left must not wait for the
    garbage collector.
    """

    def __init__(self, runtime: Shared, attempts: AttemptsUnderWay, outbox: Outbox) -> None:
        self._runtime, self._attempts, self._outbox = runtime, attempts, outbox
        self._agenda = Agenda(runtime.clock)
        self._hooks: HooksOfRun | None = None
        """Most runs have none."""

    def take_up(self, run: LiveRun, outstanding: Sequence[Command]) -> None:
        """Carry out what was asked for while another owner had the run, or before it was suspended."""
        steps = [one.ref for one in outstanding if isinstance(one, RunStep)]
        self._attempts.taken_up = frozenset(steps)
        self.carry_out(run, outstanding)

    def carry_out(self, run: LiveRun, commands: Iterable[Command]) -> None:
        """Do what the code has asked for, in its order."""
        for command in commands:
            match command:
                case RunStep():
                    self._run_step(run, command)
                case StartWait():
                    self._agenda.add(command)
                case StartChild():
                    self._start_child(run, command)
                case SetAttributes(attributes=attributes, ref=ref, line=line):
                    run.write(AttributesSet(attributes=attributes, id=ref, line=line))
                case OpenHook() | KeepHook() | DisposeHook():
                    self._hooks_of(run).tend(command)
                case CancelStep():
                    self._cancel_step(command)
                case CancelWait():
                    self._agenda.remove(command.ref)
                case CancelChild():
                    self._runtime.append(child_cancellation(run.record, command))
                case unknown:
                    assert_never(unknown)

    def answered(self, run: LiveRun, beside: Beside, answer: Advanced) -> None:
        """What does not stand in the log: what became of steps for other workers, and of hooks. What does was fed."""
        if beside.dispatches or beside.withdraws:
            self._dispatched(run).answered(beside, missed=bool(answer.missed))
        if beside.opens:
            self._hooks_of(run).answered(beside, answer)

    def begin_held(self, run: LiveRun) -> None:
        """Begin the steps that had to wait until hooks were open, and need not any more."""
        if self._hooks is not None:
            for step in self._hooks.release():
                self._run_step(run, step)

    def do_due(self, run: LiveRun) -> None:
        """Begin the attempts, and end the waits and the hooks, whose time has come."""
        now = self._runtime.clock.now()
        steps, waits = self._agenda.take_due(now)
        for step in steps:
            self._run_step(run, step)
        for wait in waits:
            run.write(
                WaitCompleted(
                    id=wait.ref, deadline=wait.deadline, started_at=wait.started_at, line=wait.line
                )
            )
        if self._hooks is not None:
            self._hooks.expire(now)

    def arm(self, on_time: Callable[[], None]) -> bool:
        """Have it called when the next thing is due, if that is soon, or if attempts keep the run here anyway.
        Whether there is such a thing."""
        due_at = self._agenda.next_due()
        if due_at is None:
            return False
        soon = self._runtime.clock.now() + self._runtime.options.linger
        if not self._attempts and due_at > soon:
            return False
        self._agenda.arm(due_at, on_time)
        return True

    def next_due(self) -> Micros | None:
        """When the next thing is due."""
        return self._agenda.next_due()

    def waits(self) -> Iterable[StartWait]:
        """The waits, in the order in which they were asked for."""
        return self._agenda.waits()

    def close(self) -> None:
        """Do nothing any more, and let go of the run."""
        self._agenda.close()
        self._hooks = None

    def _run_step(self, run: LiveRun, command: RunStep) -> None:
        if self._hooks is not None and self._hooks.holds(command):
            return
        if command.definition.queue is not None:
            self._dispatched(run).dispatch(command)
        elif command.not_before and command.not_before > self._runtime.clock.now():
            self._agenda.add(command)
        else:
            self._attempts.begin(run, command)

    def _cancel_step(self, command: CancelStep) -> None:
        if self._hooks is not None:
            self._hooks.forget(command.ref)
        if command.dispatched:
            self._outbox.withdraw(command.ref)
        else:
            self._agenda.remove(command.ref)
            self._attempts.cancel(command.ref)

    def _start_child(self, run: LiveRun, command: StartChild) -> None:
        if command.ref in run.execution.started_children:
            return
        tracer, workflow = self._runtime.observers.tracer, command.request.workflow
        trace = "" if tracer is None else tracer.starting_child(run.id, command.run_id, workflow)
        draft = child_draft(run.record, command, version=self._runtime.version, trace=trace)
        run.write(child_started(command), draft)

    def _dispatched(self, run: LiveRun) -> DispatchedSteps:
        return DispatchedSteps(self._runtime, run, self._outbox)

    def _hooks_of(self, run: LiveRun) -> HooksOfRun:
        if self._hooks is None:
            self._hooks = HooksOfRun(run, self._outbox, self._agenda)
        return self._hooks
