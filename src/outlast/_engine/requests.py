"""What the code asks for: each request becomes a command with a structural id, and waits for its event."""

import asyncio
from typing import Any, Final, assert_never

from outlast._clock import Micros
from outlast._engine.commands import (
    Asked,
    CancelChild,
    CancelStep,
    CancelWait,
    ChildRequest,
    Command,
    OpenHook,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.lines import calling_line
from outlast._engine.loop import WorkflowLoop, WorkflowTimer
from outlast._engine.operations import Operations
from outlast._engine.tasks import Operation
from outlast._ids import child_run_id
from outlast._model.runs import Attributes
from outlast._registry.definitions import StepDefinition

MAX_UNWOUND: Final = 1_000
"""How often code that leaves memory may ask for something until it is not told any more that it leaves."""


class Evicted(BaseException):
    """Unwinds a coroutine whose run leaves memory. The run goes on later, from its log."""


class Requests:
    """The requests of one execution, and the commands that have not been handed out yet."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.loop: WorkflowLoop
        self.operations = Operations(run_id)
        self.time: Micros = 0
        """Logical time: that of the last event."""
        self.closed = False
        """Whether nothing may be asked for any more: the run leaves memory."""
        self.taken_back: dict[str, CancelChild] = {}
        """Children that nobody waits for any more and that have not ended yet, by id."""
        self._commands: list[Command] = []
        self._unwound = 0

    def take_commands(self) -> list[Command]:
        """The commands since the last time."""
        commands, self._commands = self._commands, []
        return commands

    def add_command(self, command: Command) -> None:
        """Hand this out too."""
        self._commands.append(command)

    def outstanding(self) -> list[Command]:
        """All that no event has answered yet, in the order in which it was asked."""
        withdrawn = self.operations.withdrawn.values()
        return [*self.taken_back.values(), *withdrawn, *self.operations.commands()]

    # For the primitives

    def run_step(
        self, definition: StepDefinition, payload: bytes, digest: str, line: str | None
    ) -> Operation:
        """A step. Answered with its result."""
        ref = self.loop.next_ref(definition.name)
        return self._ask(
            RunStep(ref=ref, line=line, definition=definition, input=payload, digest=digest)
        )

    def start_wait(self, deadline: Micros, line: str | None) -> asyncio.Future[Any]:
        """A sleep until `deadline`. Answered with nothing."""
        ref = self.loop.next_ref("sleep")
        if deadline <= self.time:
            done = self.loop.create_future()
            self.loop.call_soon(_set_result_unless_done, done)
            return done
        return self._ask(
            StartWait(ref=ref, line=line, deadline=deadline, started_at=self.time, wakeable=True)
        )

    def start_child(self, request: ChildRequest, line: str | None) -> Operation:
        """A child run. Answered with its result; with its run id if it is detached."""
        ref = self.loop.next_ref(request.workflow)
        run_id = request.run_id or child_run_id(self.run_id, ref)
        return self._ask(StartChild(ref=ref, line=line, run_id=run_id, request=request))

    def set_attributes(self, attributes: Attributes, line: str | None) -> Operation:
        """Attributes to merge into the run's. Answered with nothing."""
        ref = self.loop.next_ref("set_attributes")
        return self._ask(SetAttributes(ref=ref, line=line, attributes=attributes))

    def open_hook(self, command: OpenHook) -> Operation:
        """A hook. Answered with nothing when it has its token, or cannot have it."""
        return self._ask(command)

    # For the loop

    def now(self) -> Micros:
        """Logical time."""
        return self.time

    def start_timer(self, handle: WorkflowTimer, deadline: Micros, name: str) -> None:
        """One of asyncio's timers becomes a wait."""
        if self.closed:
            self._unwind()
            return
        handle.command = StartWait(
            ref=self.loop.next_ref(name),
            line=calling_line(),
            deadline=deadline,
            started_at=self.time,
            wakeable=name == "sleep",
        )
        self.operations.add(handle)
        self._commands.append(handle.command)

    def stop_timer(self, handle: WorkflowTimer) -> None:
        """The code has cancelled one of asyncio's timers."""
        if self.operations.settle(handle.command.ref) is not None:
            self._commands.append(CancelWait(ref=handle.command.ref, line=None))

    # Asking, and taking back

    def _ask(self, command: Asked) -> Operation:
        if self.closed:
            self._unwind()
            return Operation(command, loop=self.loop, number=0, asker=self)
        operation = Operation(command, loop=self.loop, number=self.loop.next_number(), asker=self)
        self.operations.add(operation)
        self._commands.append(command)
        return operation

    def _unwind(self) -> None:
        """Let the coroutine that asks unwind. One that catches everything and asks again, as `while True:` with a bare
        `except:` does, would do so for ever: what it asks for at last is never answered, so that it stands still."""
        self._unwound += 1
        if self._unwound < MAX_UNWOUND:
            raise Evicted

    def take_back(self, operation: Operation) -> None:
        """Hand out what takes the command back, unless it is answered by now."""
        command = operation.command
        if self.operations.settle(command.ref) is None:
            return
        match command:
            case RunStep():
                self._cancel_step(command)
            case StartWait():
                self._commands.append(CancelWait(ref=command.ref, line=command.line))
            case StartChild():
                cancel = CancelChild(ref=command.ref, line=command.line, run_id=command.run_id)
                self.taken_back[command.ref] = cancel
                self._commands.append(cancel)
            case SetAttributes() | OpenHook():
                pass
            case unknown:
                assert_never(unknown)

    def _cancel_step(self, command: RunStep) -> None:
        dispatched = command.definition.queue is not None
        cancel = CancelStep(ref=command.ref, line=command.line, dispatched=dispatched)
        if dispatched:
            self.operations.withdrawn[command.ref] = cancel
        self._commands.append(cancel)


def _set_result_unless_done(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)
