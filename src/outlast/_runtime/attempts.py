"""One attempt of a step: run the user's function, and make the event that tells what came of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from outlast._clock import Micros, to_seconds
from outlast._engine.commands import RunStep
from outlast._model.events import (
    NO_PAYLOAD,
    Event,
    Payload,
    StepCompleted,
    StepFailed,
    StepRetried,
    StepStarted,
)
from outlast._model.runs import Attributes
from outlast._runtime.retries import GiveUp, after_failure
from outlast._runtime.shared import Shared
from outlast._runtime.streams import AttemptStreams
from outlast._runtime.thread_calls import ThreadCall
from outlast.errors import NoAppError, StepTimeoutError, WorldError
from outlast.instrument import AttemptNotice
from outlast.world import Writer

logger: Final = logging.getLogger("outlast")

AttemptEvent = StepCompleted | StepFailed | StepRetried


class Run(Protocol):
    """The live run that an attempt is made for."""

    @property
    def id(self) -> str: ...

    @property
    def epoch(self) -> int:
        """Of the claim of the run; of a dispatched step, that of the claim of the step."""
        ...

    @property
    def dispatched(self) -> bool: ...

    @property
    def workflow(self) -> str: ...

    @property
    def attributes(self) -> Attributes: ...

    def write(self, event: Event) -> None: ...

    def tell(self, event: StepStarted | AttemptEvent) -> None:
        """Write what an attempt has come to, and who makes it where the log does not know."""
        ...


class Due(msgspec.Struct, frozen=True):
    """Since when an attempt was due, if that is known, and in which trace."""

    at: Micros | None = None
    trace: str = ""
    queued: bool = False
    """Whether it could not begin then: there was no room, or it was for another worker."""


class AttemptTask(asyncio.Task[None]):
    """The task of an attempt: it knows whether the step's own code has cancelled it."""

    cancelled_by_itself = False

    def cancel(self, msg: Any = None) -> bool:
        """Cancel, and note who does it: what a step does to itself is its outcome."""
        self.cancelled_by_itself = asyncio.current_task(self.get_loop()) is self
        return super().cancel(msg)


class Attempt:
    """An attempt of a step, from its start on.

    One that was `taken_up` is made because nothing is known of how an earlier one, of another owner, has ended.
    """

    def __init__(
        self,
        runtime: Shared,
        run: Run,
        command: RunStep,
        *,
        taken_up: bool = False,
        due: Due | None = None,
    ) -> None:
        self.runtime, self.run, self.command, self._due = runtime, run, command, due
        self.taken_up = taken_up
        self._streams: AttemptStreams | None = None
        self.started_at = runtime.clock.now()
        self._queued = 0 if due is None else _queued(due, self.started_at)
        self._awaits_thread = False
        """All threads are busy with others, and its function is to be called in one."""
        self._noted = False
        self.over = False

    @property
    def id(self) -> str:
        """What the outside world may take as the idempotency key: the same in all attempts."""
        return f"{self.run.id}/{self.command.ref}"

    def note_start(self) -> None:
        """Write that it has started, unless it waits for a thread: it is slow. Idempotent."""
        if self._awaits_thread or self._noted:
            return
        self._noted = True
        command = self.command
        self.run.tell(
            StepStarted(
                id=command.ref,
                name=command.definition.name,
                attempt=command.attempt,
                started_at=self.started_at,
                line=command.line,
                queued=self._queued,
            )
        )

    async def make(self) -> AttemptEvent:
        """Make the attempt. Raises `CancelledError` if it was cancelled from outside: then nothing is
        recorded of it. Whatever else the step raises is its outcome."""
        observers, run_id, ref = self.runtime.observers, self.run.id, self.command.ref
        if observers.tracer is not None:
            observers.tracer.attempt_begins(self._notice())
        observers.attempt_started(run_id, ref, self.command.attempt)
        error: BaseException | None = None
        payload = b""
        try:
            payload = self.runtime.codec.encode(await self._call(), what="result")
            if self._streams is not None or self.taken_up:
                await self.streams.finish(taken_up=self.taken_up)
        except asyncio.CancelledError as cancelled:
            error = cancelled
            if _cancelled_from_outside():
                raise
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # noqa: BLE001 - the user's code: SystemExit too is a step's outcome
            error = raised
        finally:
            self.over = True
            observers.attempt_ended(run_id, ref, self.command.attempt, error)
        if error is None:
            return self._completed(payload)
        if self._streams is not None or self.taken_up:
            await self._take_back()
        return self._failed(error)

    def _notice(self) -> AttemptNotice:
        command, due = self.command, self._due or Due()
        definition = command.definition
        return AttemptNotice(
            run_id=self.run.id,
            workflow=self.run.workflow,
            step_id=command.ref,
            name=definition.name,
            attempt=command.attempt,
            queue=definition.queue if self.run.dispatched else None,
            trace=due.trace,
            due_since=due.at,
        )

    @property
    def streams(self) -> AttemptStreams:
        """What it writes to streams."""
        if self._streams is None:
            command, run = self.command, self.run
            writer = Writer(command.ref, run.epoch, command.attempt, run.dispatched)
            self._streams = AttemptStreams(self.runtime.streams, run.id, writer)
        return self._streams

    async def _take_back(self) -> None:
        """Take back what it has written to streams, before anybody can read that it has failed."""
        try:
            await self.streams.take_back()
        except (NoAppError, WorldError):
            logger.warning("chunks of a failed attempt could not be taken back", exc_info=True)

    def _call(self) -> Awaitable[Any]:
        CURRENT_ATTEMPT.set(self)
        call: Any = self.runtime.codec.decode(self.command.input)
        fn, args, kwargs = self.command.definition.fn, call["args"], call["kwargs"]
        if not self.command.definition.is_async:
            return self._call_in_thread(partial(fn, *args, **kwargs))
        seconds = self._seconds()
        called: Awaitable[Any] = fn(*args, **kwargs)
        return called if seconds is None else self._limited(called, asyncio.timeout(seconds))

    async def _call_in_thread(self, fn: Callable[[], Any]) -> Any:
        # A thread cannot be stopped: after a timeout or a cancellation it goes on to its end, and what
        # it then gives is ignored.
        scope = asyncio.timeout(None)
        self._awaits_thread = self.runtime.threads.full
        # The time runs from when it has a thread: all may be busy until then.
        told = self._awaits_thread or self._seconds() is not None
        begun = partial(self._begun_in_thread, scope) if told else None
        call = ThreadCall(self.runtime.loop, fn, begun)
        asked = self.runtime.threads.submit(call)
        try:
            result, error = await self._limited(call.answered, scope)
        finally:
            asked.cancel()  # if no thread has taken it yet
        if error is not None:
            raise error
        return result

    def _seconds(self) -> float | None:
        limit = self.command.definition.policy.timeout
        return None if limit is None else to_seconds(limit)

    def _begun_in_thread(self, scope: asyncio.Timeout) -> None:
        queued, self._awaits_thread = self._awaits_thread, False
        if self.over:
            return
        if (seconds := self._seconds()) is not None:
            scope.reschedule(self.runtime.loop.time() + seconds)
        if queued and not self._noted:
            now = self.runtime.clock.now()
            self._queued += now - self.started_at
            self.started_at = now
            self.runtime.slow_attempts.add(self)

    async def _limited(self, awaitable: Awaitable[Any], scope: asyncio.Timeout) -> Any:
        seconds = self._seconds()
        if seconds is None:
            return await awaitable
        try:
            async with scope:
                return await awaitable
        except TimeoutError as error:
            if not scope.expired():
                raise
            definition = self.command.definition
            raise StepTimeoutError(
                definition.name, seconds, still_running=not definition.is_async
            ) from error

    def _completed(self, result: bytes) -> StepCompleted:
        return StepCompleted(
            id=self.command.ref,
            name=self.command.definition.name,
            digest=self.command.digest,
            attempt=self.command.attempt,
            started_at=self.started_at,
            result=msgspec.Raw(result),
            line=self.command.line,
            input=self._kept_input(),
            queued=self._queued,
        )

    def _failed(self, error: BaseException) -> StepFailed | StepRetried:
        command, runtime = self.command, self.runtime
        decision = after_failure(
            command.definition.policy,
            command.attempt,
            error,
            now=runtime.clock.now(),
            chance=runtime.chance.random(),
        )
        if isinstance(decision, GiveUp):
            return StepFailed(
                id=command.ref,
                name=command.definition.name,
                digest=command.digest,
                attempt=command.attempt,
                started_at=self.started_at,
                error=msgspec.Raw(runtime.codec.encode_error(decision.error)),
                line=command.line,
                input=self._kept_input(),
                queued=self._queued,
            )
        return StepRetried(
            id=command.ref,
            name=command.definition.name,
            digest=command.digest,
            attempt=command.attempt,
            started_at=self.started_at,
            retry_at=decision.when,
            error=msgspec.Raw(runtime.codec.encode_error(error)),
            line=command.line,
            queued=self._queued,
        )

    def _kept_input(self) -> Payload:
        kept = len(self.command.input) <= self.runtime.options.step_input_limit
        return msgspec.Raw(self.command.input) if kept else NO_PAYLOAD


CURRENT_ATTEMPT: Final[ContextVar[Attempt | None]] = ContextVar("outlast_attempt", default=None)
"""The attempt that the current code belongs to."""


def _queued(due: Due, started_at: Micros) -> Micros:
    """How long it was kept waiting. Another worker's clock may have said when it was due."""
    return max(0, started_at - due.at) if due.queued and due.at is not None else 0


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    if isinstance(task, AttemptTask) and task.cancelled_by_itself:
        return False
    return task is None or task.cancelling() > 0
