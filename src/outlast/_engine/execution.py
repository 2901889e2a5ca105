"""The deterministic execution of one run.

`feed` takes the next event of the log, lets the workflow's code run until it is quiet, and gives the
commands that the code then asked for. Replay is feeding what was recorded; going on is feeding each event
after it was committed. There is no other path.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from functools import cached_property
from typing import Any, NoReturn, assert_never
from zlib import crc32

import msgspec

from outlast._clock import Micros
from outlast._codec import Codec
from outlast._engine import audit, divergence
from outlast._engine.commands import (
    CancelWait,
    Command,
    RunStep,
    SetAttributes,
    StartChild,
    StartWait,
)
from outlast._engine.failures import child_failed_error, step_failed_error
from outlast._engine.hooks import Hooks
from outlast._engine.lens import through_lens
from outlast._engine.loop import WorkflowTimer, make_loop
from outlast._engine.outcome import Cancelled, Completed, Failed, Outcome
from outlast._engine.requests import Evicted, Requests
from outlast._engine.tasks import Operation, WorkflowTask
from outlast._engine.unwinding import unwind
from outlast._ids import Chance, seeded_random
from outlast._model.events import (
    AttributesSet,
    CancelRequested,
    ChildCancelled,
    ChildCompleted,
    ChildFailed,
    ChildStarted,
    HookConflicted,
    HookDisposed,
    HookExpired,
    HookOpened,
    HookReceived,
    Logged,
    Payload,
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
from outlast._registry.definitions import WorkflowDefinition
from outlast.errors import RunCancelledError, SettingsError


class Execution:
    """One run of a workflow, in memory.

    `feed` is not re-entrant, and must be called outside any asyncio task (from a callback).
    """

    def __init__(self, definition: WorkflowDefinition, run_id: str, codec: Codec) -> None:
        self.definition, self.run_id = definition, run_id
        self.position = 0
        """How many events have been fed."""
        self.outcome: Outcome | None = None
        self.attributes: Attributes = {}
        self.cancel_requested: CancelRequested | None = None
        """The first request to cancel the run."""
        self.started_children: dict[str, str] = {}
        """The ids of the runs of the children that exist, by their own."""
        self.context = Context()
        """What the code begins with. It holds nothing of the process that the code could go by."""
        self.requests = Requests(run_id)
        self.loop = self.requests.loop = make_loop(
            self, self.requests, salt=crc32(run_id.encode()) << 32
        )
        self.hooks = Hooks(self.requests)
        self._codec = codec
        self._root: WorkflowTask | None = None
        self._missing: SettingsError | None = None
        audit.install()

    # For whoever drives the execution

    def feed(self, logged: Logged) -> Sequence[Command]:
        """Take the next event and run the code until it is quiet; the commands it then asked for.

        An event that answers a command which has been answered or taken back is inert, as is every event
        after the code's end. Raises `NonDeterminismError` if the event answers a command that the
        code has not asked for, or has asked for otherwise; `DecodeError` if a payload cannot be
        read; `SettingsError` if the code needs one that this process does not have. The execution is
        of no further use then.
        """
        self.position = logged.position + 1
        if logged.at > self.requests.time:
            self.requests.time = logged.at
        self._deliver(logged)
        self.loop.turn()
        if self._missing is not None:
            raise self._missing
        if self.outcome is None and self._root is not None and self._root.done():
            self.outcome = self._outcome(self._root)
            self.requests.operations.clear(divergence.ending(self.outcome, self._codec))
            self.hooks.clear()
        return self.requests.take_commands()

    def outstanding(self) -> list[Command]:
        """All commands that no event has answered yet, in the order in which they were asked."""
        return [*self.requests.outstanding(), *self.hooks.outstanding()]

    def close(self) -> None:
        """Leave memory, at the end or before it.

        Code that is suspended is unwound: its clean-up finds no primitive that works, and does nothing
        durable.
        """
        self.requests.closed = True
        self.requests.operations.clear()
        self.hooks.clear()
        left = [task for task in self.loop.tasks if not task.done()]
        if left:
            unwind(self.loop, left)
        self.loop.close()
        self._root = None

    # Where the code that runs draws the time and chance from

    def now(self) -> Micros:
        """Logical time: that of the last event."""
        return self.requests.time

    @cached_property
    def chance(self) -> Chance:
        """The run's own source of chance."""
        return seeded_random(self.run_id)

    def encode(self, value: object, what: str) -> bytes:
        """A value as payload. Raises `EncodeError` or `PayloadTooLargeError`."""
        return self._codec.encode(value, what=what)

    def decode(self, payload: Payload) -> Any:
        """The value of a payload. Raises `DecodeError`."""
        return self._codec.decode(payload)

    def need_setting(self, error: SettingsError) -> NoReturn:
        """The code cannot go on in this process: `feed` raises the error, and nothing that was asked for in this
        turn is done. The code sees no error, as it would be part of what happened: another process has the setting."""
        self._missing = error
        raise Evicted

    # Delivering events

    def _deliver(self, logged: Logged) -> None:  # noqa: C901, PLR0912, PLR0915 - one arm for each kind
        answered = self.requests.operations.answered
        match logged.event:
            case StepCompleted() as event:
                if step := answered(logged, event.id, RunStep, event.name, event.digest):
                    step.set_result(self._codec.decode(event.result))
            case StepFailed() as event:
                if step := answered(logged, event.id, RunStep, event.name, event.digest):
                    step.set_exception(step_failed_error(event, self._codec))
            case StepRetried() as event:
                self._retry(logged, event)
            case WaitCompleted() as event:
                self._complete_wait(logged, event)
            case ChildStarted() as event:
                self._child_started(logged, event)
            case ChildCompleted() as event:
                if child := self._child_ended(logged, event.id):
                    child.set_result(self._codec.decode(event.result))
            case ChildFailed() as event:
                if child := self._child_ended(logged, event.id):
                    child.set_exception(child_failed_error(event, child.command, self._codec))
            case ChildCancelled() as event:
                if child := self._child_ended(logged, event.id):
                    child.set_exception(RunCancelledError(event.run_id, event.reason))
            case AttributesSet() as event:
                self.attributes = {**self.attributes, **event.attributes}
                if event.id and (
                    operation := answered(logged, event.id, SetAttributes, None, None)
                ):
                    operation.set_result(None)
            case (
                HookOpened() | HookConflicted() | HookReceived() | HookExpired() | HookDisposed()
            ) as event:
                self.hooks.deliver(logged, event)
            case CancelRequested() as event:
                self._cancel(event)
            case WakeRequested():
                self._wake()
            case RunCreated() as event:
                self._begin(event)
            case StepStarted() as event:  # answers nothing, but tells what the code had asked for
                self.requests.operations.asked(logged, event.id, RunStep, event.name, None)
            case RunCompleted() | RunFailed() | RunCancelled():
                pass
            case unknown:
                assert_never(unknown)

    def _retry(self, logged: Logged, event: StepRetried) -> None:
        operations = self.requests.operations
        operation = operations.asked(logged, event.id, RunStep, event.name, event.digest)
        if operation is not None and isinstance(operation.command, RunStep):
            operation.command = msgspec.structs.replace(
                operation.command, attempt=event.attempt + 1, not_before=event.retry_at
            )
            self.requests.add_command(operation.command)

    def _complete_wait(self, logged: Logged, event: WaitCompleted) -> None:
        self.requests.time = max(self.requests.time, event.deadline)
        operations = self.requests.operations
        if timer := operations.timer(event.id):
            self.loop.run_handle_soon(timer)
        elif operation := operations.answered(logged, event.id, StartWait, None, None):
            operation.set_result(None)

    def _wake(self) -> None:
        for sleep in self.requests.operations.sleeps():
            self.requests.add_command(CancelWait(ref=sleep.command.ref, line=None))
            if isinstance(sleep, WorkflowTimer):
                self.loop.run_handle_soon(sleep)
            else:
                sleep.set_result(None)

    def _child_started(self, logged: Logged, event: ChildStarted) -> None:
        self.started_children[event.id] = event.run_id
        operations = self.requests.operations
        operation = operations.asked(logged, event.id, StartChild, event.workflow, event.digest)
        if operation is not None and event.detached:
            operations.settle(event.id)
            operation.set_result(event.run_id)

    def _child_ended(self, logged: Logged, ref: str) -> Operation | None:
        self.requests.taken_back.pop(ref, None)
        return self.requests.operations.answered(logged, ref, StartChild, None, None)

    def _cancel(self, event: CancelRequested) -> None:
        if self.cancel_requested or self._root is None or self._root.done():
            return
        self.cancel_requested = event
        self._root.cancel(event.reason)

    # Beginning and ending

    def _begin(self, event: RunCreated) -> None:
        self.attributes = event.attributes
        self.hooks.secret = event.secret
        call: Any = self._codec.decode(event.input)
        try:
            coroutine = _seen_through(self.definition.fn)(*call["args"], **call["kwargs"])
        except TypeError as problem:
            raise divergence.unfit_arguments(self.run_id, str(problem)) from problem
        self._root = self.loop.create_root(self._main(coroutine), self.context)

    async def _main(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The root task: the workflow, then, as in `asyncio.run`, the end of the tasks it left."""
        try:
            return await coroutine
        except GeneratorExit:
            # Nobody drives it any more: its process has died, in a test.
            self.requests.closed = True
            raise
        finally:
            left = [task for task in self.loop.tasks if not task.done() and task is not self._root]
            if left and not self.requests.closed:
                for task in left:
                    task.cancel()
                await asyncio.wait(left)

    def _outcome(self, root: WorkflowTask) -> Outcome:
        if root.cancelled():
            return Cancelled(self.cancel_requested.reason if self.cancel_requested else None)
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


def _seen_through(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind the lens, which the function itself keeps: looking at it takes a while."""
    seen: Callable[..., Any] | None = vars(fn).get(_SEEN)
    if seen is None:
        seen = vars(fn)[_SEEN] = through_lens(fn)
    return seen


_SEEN = "__outlast_seen_through__"
