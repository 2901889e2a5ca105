"""The deterministic execution of one run.

`feed` takes the next event of the log, lets the workflow's code run until it is quiet, and gives the
commands that the code then asked for. Replay is feeding what was recorded; going on is feeding each event
after it was committed. There is no other path.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import cached_property
from typing import Any, TypeVar, assert_never
from zlib import crc32

import msgspec

from outlast._clock import Micros
from outlast._codec import Codec
from outlast._engine import audit, divergence
from outlast._engine.commands import (
    Asked,
    CancelChild,
    CancelStep,
    CancelWait,
    ChildRequest,
    Command,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.failures import child_failed_error, step_failed_error
from outlast._engine.lens import through_lens
from outlast._engine.lines import calling_line
from outlast._engine.loop import WorkflowTimer, make_loop
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._engine.tasks import Operation, WorkflowTask
from outlast._ids import Chance, child_run_id, seeded_random
from outlast._model.events import (
    AttributesSet,
    CancelRequested,
    ChildCancelled,
    ChildCompleted,
    ChildFailed,
    ChildStarted,
    Logged,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    StepCompleted,
    StepFailed,
    StepRetried,
    StepStarted,
    WaitCompleted,
    WakeRequested,
)
from outlast._model.runs import Attributes
from outlast._registry.definitions import StepDefinition, WorkflowDefinition
from outlast.errors import RunCancelledError

C = TypeVar("C", bound=Asked)


class Evicted(BaseException):
    """Unwinds a coroutine whose run leaves memory. The run goes on later, from its log."""


class Execution:
    """One run of a workflow, in memory.

    `feed` is not re-entrant, and must be called outside any asyncio task (from a callback).
    """

    def __init__(self, definition: WorkflowDefinition, run_id: str, codec: Codec) -> None:
        self.definition = definition
        self.run_id = run_id
        self.position = 0
        """How many events have been fed."""
        self.outcome: Outcome | None = None
        self.attributes: Attributes = {}
        self.cancel_requested = False
        self.evicted = False
        self.started_children: set[str] = set()
        """The ids of the children that exist."""
        audit.install()
        self.loop = make_loop(self, self, salt=crc32(run_id.encode()) << 32)
        self._codec = codec
        self._now: Micros = 0
        self._root: WorkflowTask | None = None
        self._pending: dict[str, Operation | WorkflowTimer] = {}
        self._settled: set[str] = set()
        self._taken_back: dict[str, CancelChild] = {}
        """Children that nobody waits for any more and that have not ended yet."""
        self._commands: list[Command] = []
        self._reason: str | None = None

    # For whoever drives the execution

    def feed(self, logged: Logged) -> Sequence[Command]:
        """Take the next event and run the code until it is quiet; the commands it then asked for.

        An event that answers a command which has been answered or taken back is inert, as is every event
        after the code's end. Raises `NonDeterminismError` if the event answers a command that the
        code has not asked for, or has asked for otherwise; `DecodeError` if a payload cannot be
        read. The execution is of no further use then.
        """
        self.position = logged.position + 1
        self._now = max(self._now, logged.at)
        self._deliver(logged)
        self.loop.turn()
        if self.outcome is None and self._root is not None and self._root.done():
            self.outcome = self._outcome(self._root)
            self._pending.clear()
        commands, self._commands = self._commands, []
        return commands

    def outstanding(self) -> list[Command]:
        """All commands that no event has answered yet, in the order in which they were asked."""
        return [*self._taken_back.values(), *self._unanswered()]

    @property
    def awaits_children(self) -> bool:
        """Whether a child's end is among what it waits for."""
        return any(isinstance(waiter.command, StartChild) for waiter in self._pending.values())

    def close(self) -> None:
        """Leave memory, at the end or before it. The code's clean-up finds no primitive that works, and does nothing durable."""
        self.evicted = True
        self._pending.clear()
        left = [task for task in self.loop.tasks if not task.done()]
        if left:
            for task in left:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                self.loop.call_soon(_unwind, task)
            self.loop.turn()
        self.loop.close()
        self._root = None

    # For the code that is being executed

    @cached_property
    def chance(self) -> Chance:
        """The run's own source of chance."""
        return seeded_random(self.run_id)

    def now(self) -> Micros:
        """Logical time: that of the last event."""
        return self._now

    def run_step(
        self, definition: StepDefinition, payload: bytes, digest: str, line: str | None
    ) -> Operation:
        """Ask for a step."""
        ref = self.loop.next_ref(definition.name)
        return self._ask(
            RunStep(ref=ref, line=line, definition=definition, input=payload, digest=digest)
        )

    def start_wait(self, deadline: Micros, line: str | None) -> asyncio.Future[Any]:
        """Ask for a sleep until `deadline`."""
        ref = self.loop.next_ref("sleep")
        if deadline <= self._now:
            done = self.loop.create_future()
            self.loop.call_soon(_set_result_unless_done, done)
            return done
        return self._ask(
            StartWait(ref=ref, line=line, deadline=deadline, started_at=self._now, wakeable=True)
        )

    def start_child(self, request: ChildRequest, line: str | None) -> Operation:
        """Ask for a child run. Answered with its result; with its run id if it is detached."""
        ref = self.loop.next_ref(request.workflow)
        return self._ask(
            StartChild(
                ref=ref,
                line=line,
                run_id=request.run_id or child_run_id(self.run_id, ref),
                request=request,
            )
        )

    def set_attributes(self, attributes: Attributes, line: str | None) -> Operation:
        """Ask for attributes to be merged into the run's."""
        ref = self.loop.next_ref("set_attributes")
        return self._ask(SetAttributes(ref=ref, line=line, attributes=attributes))

    def encode(self, value: object, what: str) -> bytes:
        """A value as payload. Raises `EncodeError` or `PayloadTooLargeError`."""
        return self._codec.encode(value, what=what)

    # For the loop

    def start_timer(self, handle: WorkflowTimer, deadline: Micros, name: str) -> None:
        """One of asyncio's timers becomes a wait."""
        self._refuse_if_evicted()
        handle.command = StartWait(
            ref=self.loop.next_ref(name),
            line=calling_line(),
            deadline=deadline,
            started_at=self._now,
            wakeable=name == "sleep",
        )
        self._pending[handle.command.ref] = handle
        self._commands.append(handle.command)

    def stop_timer(self, handle: WorkflowTimer) -> None:
        """The code has cancelled one of asyncio's timers."""
        ref = handle.command.ref
        if ref in self._pending:
            self._settle(ref)
            self._commands.append(CancelWait(ref=ref, line=None))

    # Delivering events

    def _deliver(self, logged: Logged) -> None:  # noqa: C901, PLR0912 - one arm for each kind of event
        match logged.event:
            case StepCompleted() as event:
                if operation := self._answered(logged, RunStep, event.name, event.digest):
                    operation.set_result(self._codec.decode(event.result))
            case StepFailed() as event:
                if operation := self._answered(logged, RunStep, event.name, event.digest):
                    operation.set_exception(step_failed_error(event, self._codec))
            case StepRetried() as event:
                self._retry(logged, event)
            case WaitCompleted() as event:
                self._complete_wait(logged, event)
            case ChildStarted() as event:
                self._child_started(logged, event)
            case ChildCompleted() as event:
                if operation := self._child_ended(logged):
                    operation.set_result(self._codec.decode(event.result))
            case ChildFailed() as event:
                if operation := self._child_ended(logged):
                    operation.set_exception(child_failed_error(event, self._codec))
            case ChildCancelled() as event:
                if operation := self._child_ended(logged):
                    operation.set_exception(RunCancelledError(event.run_id, event.reason))
            case AttributesSet() as event:
                self.attributes = {**self.attributes, **event.attributes}
                if event.id and (operation := self._answered(logged, SetAttributes, None, None)):
                    operation.set_result(None)
            case CancelRequested() as event:
                self._cancel(event.reason)
            case WakeRequested():
                self._wake()
            case RunCreated() as event:
                self._begin(event)
            case StepStarted() | RunCompleted() | RunFailed() | RunCancelled():
                pass
            case unknown:
                assert_never(unknown)

    def _begin(self, event: RunCreated) -> None:
        self.attributes = event.attributes
        call: Any = self._codec.decode(event.input)
        try:
            coroutine = through_lens(self.definition.fn)(*call["args"], **call["kwargs"])
        except TypeError as problem:
            raise divergence.unfit_arguments(self.run_id, str(problem)) from problem
        self._root = self.loop.create_root(self._main(coroutine))

    async def _main(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The root task: the workflow, then, as in `asyncio.run`, the end of the tasks it left."""
        try:
            return await coroutine
        finally:
            left = [task for task in self.loop.tasks if not task.done() and task is not self._root]
            if left and not self.evicted:
                for task in left:
                    task.cancel()
                await asyncio.wait(left)

    def _asked(
        self, logged: Logged, kind: type[C], name: str | None, digest: str | None
    ) -> Operation | None:
        """The operation that an event is about; `None` if the event is inert."""
        ref = str(getattr(logged.event, "id", ""))
        operation = self._pending.get(ref)
        if operation is None and ref in self._settled:
            return None
        if (
            not isinstance(operation, Operation)
            or not isinstance(operation.command, kind)
            or not divergence.fits(operation.command, name, digest)
        ):
            raise divergence.found(self.run_id, logged, self._unanswered())
        return operation

    def _answered(
        self, logged: Logged, kind: type[C], name: str | None, digest: str | None
    ) -> Operation | None:
        """The operation that an event answers, now settled; `None` if the event is inert."""
        operation = self._asked(logged, kind, name, digest)
        if operation is not None:
            self._settle(operation.command.ref)
        return operation

    def _settle(self, ref: str) -> None:
        del self._pending[ref]
        self._settled.add(ref)

    def _retry(self, logged: Logged, event: StepRetried) -> None:
        operation = self._asked(logged, RunStep, event.name, event.digest)
        if operation is not None and isinstance(operation.command, RunStep):
            operation.command = msgspec.structs.replace(
                operation.command, attempt=event.attempt + 1, not_before=event.retry_at
            )
            self._commands.append(operation.command)

    def _complete_wait(self, logged: Logged, event: WaitCompleted) -> None:
        self._now = max(self._now, event.deadline)
        waiter = self._pending.get(event.id)
        if isinstance(waiter, WorkflowTimer):
            self._settle(event.id)
            self.loop.run_handle_soon(waiter)
        elif operation := self._answered(logged, StartWait, None, None):
            operation.set_result(None)

    def _wake(self) -> None:
        for ref, waiter in list(self._pending.items()):
            if not isinstance(waiter.command, StartWait) or not waiter.command.wakeable:
                continue
            self._settle(ref)
            self._commands.append(CancelWait(ref=ref, line=None))
            if isinstance(waiter, WorkflowTimer):
                self.loop.run_handle_soon(waiter)
            else:
                waiter.set_result(None)

    def _child_started(self, logged: Logged, event: ChildStarted) -> None:
        self.started_children.add(event.id)
        operation = self._asked(logged, StartChild, event.workflow, event.digest)
        if operation is not None and event.detached:
            self._settle(event.id)
            operation.set_result(event.run_id)

    def _child_ended(self, logged: Logged) -> Operation | None:
        self._taken_back.pop(str(getattr(logged.event, "id", "")), None)
        return self._answered(logged, StartChild, None, None)

    def _cancel(self, reason: str | None) -> None:
        if self.cancel_requested or self._root is None or self._root.done():
            return
        self.cancel_requested, self._reason = True, reason
        self._root.cancel(reason)

    # Asking

    def _ask(self, command: Asked) -> Operation:
        self._refuse_if_evicted()
        operation = Operation(
            command, loop=self.loop, number=self.loop.next_number(), on_cancel=self._take_back
        )
        self._pending[command.ref] = operation
        self._commands.append(command)
        return operation

    def _take_back(self, operation: Operation) -> None:
        command = operation.command
        if command.ref not in self._pending:
            return
        self._settle(command.ref)
        match command:
            case RunStep():
                self._commands.append(CancelStep(ref=command.ref, line=command.line))
            case StartWait():
                self._commands.append(CancelWait(ref=command.ref, line=command.line))
            case StartChild():
                cancel = CancelChild(ref=command.ref, line=command.line, run_id=command.run_id)
                self._taken_back[command.ref] = cancel
                self._commands.append(cancel)
            case SetAttributes():
                pass
            case unknown:
                assert_never(unknown)

    def _refuse_if_evicted(self) -> None:
        if self.evicted:
            raise Evicted

    def _unanswered(self) -> list[Asked]:
        return [waiter.command for waiter in self._pending.values()]

    # Ending

    def _outcome(self, root: WorkflowTask) -> Outcome:
        if root.cancelled():
            return Cancelled(self._reason)
        error = root.exception()
        if error is not None:
            return Failed(self._codec.encode_error(error))
        result = root.result()
        try:
            return Completed(self._codec.encode(result, what="result"))
        except Exception as problem:  # noqa: BLE001 - whatever a user's value does when it is encoded
            if asyncio.iscoroutine(result):
                result.close()
            return Failed(self._codec.encode_error(problem))


def _unwind(task: WorkflowTask) -> None:
    """Make a suspended coroutine end, without its run ending."""
    coroutine: Any = task.get_coro()
    for _ in range(100):
        try:
            coroutine.throw(Evicted())
        except BaseException:  # noqa: BLE001 - the user's clean-up may raise anything; the run is not here any more
            return
    coroutine.close()


def _set_result_unless_done(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)
