"""`Run`: a handle on one durable execution."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, Generic, Literal, TypeVar, cast, overload

from outlast._api.ambient import here
from outlast._api.chunks import type_name, value_of
from outlast._api.inspecting import event_page
from outlast._api.reading import event_record, position_within, run_info, step_records
from outlast._api.results import result_of
from outlast._api.streaming import read_stream, start_within, stream_info, stream_infos
from outlast._api.where import current_execution
from outlast._api.writable import DEFAULT, checked_name
from outlast._clock import sleep_until, to_seconds
from outlast._codec import decode_event, encode_event
from outlast._codec.scalars import is_text
from outlast._ids import new_key
from outlast._model.events import (
    CancelRequested,
    Event,
    RunCancelled,
    RunCompleted,
    RunFailed,
    WakeRequested,
)
from outlast._model.runs import TERMINAL, RunRecord, RunStatus
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._runtime.endings import EndEvent
from outlast._runtime.outages import through_outages
from outlast._runtime.racing import first_of
from outlast._runtime.runtime import Runtime
from outlast.errors import (
    NoAppError,
    NotAllowedHereError,
    RunBlockedError,
    RunNotFoundError,
)
from outlast.records import EventRecord, Rewind, RunInfo, StepRecord, StreamInfo
from outlast.world import Append, StreamRead

R = TypeVar("R")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class Run(Generic[R_co]):
    """A run, by its id. Making one asks nothing of the world; its methods do.

    In a workflow only `id` may be used: what a run looks like from outside changes between replays.
    All methods raise `RunNotFoundError` if there is no such run, and `NoAppError` once its app is closed.
    """

    def __init__(self, run_id: str, runtime: Callable[[], Runtime]) -> None:
        self.id = run_id
        """The run's id."""
        self._find_runtime = runtime

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    async def info(self) -> RunInfo:
        """The run as it stands."""
        return run_info(await self._record())

    async def status(self) -> RunStatus:
        """Where it stands."""
        return (await self._record()).status

    async def result(self, timeout: Delay | None = None) -> R_co:  # noqa: ASYNC109 - the run goes on when this gives up
        """Wait until the run is over, and give its result. While the world cannot be used, it waits on.

        Args:
            timeout: How long to wait: seconds, a text, or a `timedelta`; for ever by default. The run
                goes on whether anybody waits or not.

        Raises:
            RunFailedError: The workflow raised; its error is the `__cause__`.
            RunCancelledError: It was cancelled.
            RunBlockedError: Its code does not fit its log, or a setting is missing where it runs.
            RecoveryLimitError: Its workers kept dying.
            TimeoutError: It is not over yet.
            InvalidDurationError: `timeout` is no length of time.
            DecodeError: The result is of a class that this process does not know.
        """
        runtime = self._runtime("Run.result()")
        limit = None if timeout is None else duration(timeout)
        over = self.id not in runtime.live and (await self._record()).status in TERMINAL
        if limit is None or over:
            workflow, ending = await self._ending(runtime)
        else:
            workflow, ending = await _within(runtime, self._ending(runtime), limit, self.id)
        return cast(R_co, result_of(self.id, workflow, ending, runtime.codec))

    async def cancel(self, reason: str | None = None) -> bool:
        """Ask for the run to be cancelled; durable on return. False if it is over already.

        The workflow gets `CancelledError` at its await and may clean up; `result()` tells the end.
        Raises `ValueError` for a reason that is no text.
        """
        event = CancelRequested(reason=_checked_reason(reason), key=new_key())
        return await self._append("Run.cancel()", event)

    async def wake(self) -> bool:
        """End the sleeps that the run is in, now (not its timeouts); begin a delayed run; try a blocked
        one again, which then sleeps on if its code fits. Durable on return. False if it is over."""
        record = await self._record()
        if record.status is RunStatus.BLOCKED or record.started_at is None:
            return await self._append("Run.wake()")
        sleeps = tuple(one for one in record.waiting if one.is_sleep)
        return await self._append("Run.wake()", WakeRequested(waits=sleeps, key=new_key()))

    async def events(self, start: int = 0) -> list[EventRecord]:
        """The events of its log from position `start` on, in order."""
        return await event_page(self._runtime("Run.events()"), self.id, start, None)

    async def steps(self) -> list[StepRecord]:
        """Its steps with their attempts, in the order in which they were first recorded."""
        runtime = self._runtime("Run.steps()")
        stored = await runtime.world.log.read(self.id)
        if not stored:
            raise RunNotFoundError(self.id)
        return step_records((decode_event(one) for one in stored), runtime.codec)

    async def follow(self, start: int = 0) -> AsyncIterator[EventRecord]:
        """The events from position `start` on as they are committed, until the run is over. While the world cannot be
        used, it waits."""
        runtime = self._runtime("Run.follow()")
        start = position_within(start)
        with runtime.followers.following(self.id) as changes:
            while True:
                changes.begin()
                record = await through_outages(runtime.clock, self._record)
                read = partial(runtime.world.log.read, self.id, after=start)
                for stored in await through_outages(runtime.clock, read):
                    yield event_record(stored)
                    start = stored.position + 1
                if record.status in TERMINAL or record.status is RunStatus.BLOCKED:
                    return
                await changes.next()

    @overload
    def stream(
        self,
        name: str = DEFAULT,
        start: int = 0,
        *,
        type: type[T],
        markers: Literal[False] = False,
        follow: bool = True,
    ) -> AsyncIterator[T]: ...

    @overload
    def stream(
        self,
        name: str = DEFAULT,
        start: int = 0,
        *,
        type: type[T],
        markers: Literal[True],
        follow: bool = True,
    ) -> AsyncIterator[T | Rewind]: ...

    @overload
    def stream(
        self,
        name: str = DEFAULT,
        start: int = 0,
        *,
        type: Any = None,
        markers: bool = False,
        follow: bool = True,
    ) -> AsyncIterator[Any]: ...

    def stream(
        self,
        name: str = DEFAULT,
        start: int = 0,
        *,
        type: Any = None,  # noqa: A002 - as in `writable`
        markers: bool = False,
        follow: bool = True,
    ) -> AsyncIterator[Any]:
        """The values of a stream from index `start` on, in order, each once, until the stream is closed or the
        run is over. From any process; before, during and after the run.

        When a step is retried, what its failed attempt has written is taken back. A reader that comes later
        never sees it; one that has seen it goes on behind it.

        Args:
            name: The stream, as in `writable(name)`.
            start: The index of the first value; below 0: from the end as it is now.
            type: What the values must be, as pydantic understands it.
            markers: Whether to give a `Rewind` where what was given already was taken back, and then what
                counts instead.
            follow: Whether to wait for what is still to come; also while the world cannot be used.

        Reading it raises:
            DecodeError: A value cannot be read in this process.
            pydantic.ValidationError: A value is not of the type.
        """
        runtime = self._runtime("Run.stream()")
        request = StreamRead(run_id=self.id, name=checked_name(name), start=start_within(start))
        read = partial(value_of, of=type_name(type), codec=runtime.codec)
        return read_stream(runtime, request, read, markers=markers, follow=follow)

    async def stream_info(self, name: str = DEFAULT) -> StreamInfo:
        """Where a stream stands, also one that nobody has written to yet."""
        return await stream_info(self._runtime("Run.stream_info()"), self.id, checked_name(name))

    async def streams(self) -> list[StreamInfo]:
        """The streams that the run has, by name."""
        return await stream_infos(self._runtime("Run.streams()"), self.id)

    def _runtime(self, what: str) -> Runtime:
        if current_execution() is not None:
            raise NotAllowedHereError(
                what,
                "in a workflow",
                "Await the workflow's call to wait for a child, or use a step to look at other runs.",
            )
        try:
            runtime = self._find_runtime()
        except NoAppError as error:
            raise NoAppError(what, elsewhere=error.elsewhere) from None
        return here(runtime, what)

    async def _record(self) -> RunRecord:
        record = await self._runtime("Run.info()").world.listing.get(self.id)
        if record is None:
            raise RunNotFoundError(self.id)
        return record

    async def _append(self, what: str, *events: Event) -> bool:
        runtime = self._runtime(what)
        drafts = tuple(encode_event(event) for event in events)
        answer = await runtime.append_durably(Append(run_id=self.id, events=drafts))
        if answer.status is None:
            raise RunNotFoundError(self.id)
        return answer.position is not None

    async def _ending(self, runtime: Runtime) -> tuple[str, EndEvent]:
        """Wait for the last event of the run; the workflow's name beside it."""
        while True:
            ending = await runtime.endings.wait(self.id)
            if isinstance(ending, RunCompleted | RunCancelled):
                return "", ending
            record = await through_outages(runtime.clock, self._record)
            if record.status is RunStatus.BLOCKED and record.due_at is None:
                raise RunBlockedError(self.id, record.problem or "")
            if record.status in TERMINAL:
                read = partial(runtime.world.log.read, self.id, after=record.position - 1)
                (last,) = await through_outages(runtime.clock, read)
                event = decode_event(last).event
                assert isinstance(event, RunCompleted | RunFailed | RunCancelled)  # noqa: S101 - terminal is terminal
                return record.workflow, event


async def whole_log(run: Run[Any]) -> list[EventRecord]:
    """The events with all that is in them, also what `Run.events` does not show: it takes the secret of a run to
    replay it. Raises `RunNotFoundError`."""
    stored = await run._runtime("record_history()").world.log.read(run.id)  # noqa: SLF001 - a method of it, for tools only
    if not stored:
        raise RunNotFoundError(run.id)
    return [event_record(one, secrets=True) for one in stored]


async def _within(runtime: Runtime, waiting: Coroutine[Any, Any, R], limit: int, run_id: str) -> R:
    """Wait on the app's own clock, so that time can be skipped in tests."""
    waiter = asyncio.ensure_future(waiting)
    clock = runtime.clock
    try:
        await first_of(asyncio.wait({waiter}), sleep_until(clock, clock.now() + limit))
        if waiter.done():
            return waiter.result()
        message = f"run {run_id!r} was not over within {to_seconds(limit):g} s; it goes on"
        raise TimeoutError(message)
    finally:
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)


def _checked_reason(reason: str | None) -> str | None:
    """The reason. What else would be stored, no worker could read."""
    given: Any = reason
    if given is not None and not (isinstance(given, str) and is_text(given)):
        message = f"{given!r} cannot be the reason: it is a text"
        raise ValueError(message)
    return reason


def checked_run_id(run_id: str) -> str:
    """The id. Raises `ValueError` if it is not 1 to 200 printable characters without slashes, or if no URL can have it
    as a part: `.` and `..`."""
    given: Any = run_id
    if (
        not isinstance(given, str)
        or not 1 <= len(run_id) <= 200
        or not run_id.isprintable()
        or "/" in run_id
        or run_id in (".", "..")
    ):
        message = f"{run_id!r} cannot be a run id: a text of 1 to 200 printable characters, no '/', not '.' or '..'"
        raise ValueError(message)
    return run_id
