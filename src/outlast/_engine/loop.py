"""The event loop of one execution: a queue of what is ready, turned until it is quiet.

It has no selector and no clock of its own. Timers become durable waits; what cannot be durable (sockets,
threads, subprocesses, signals) raises with a hint. The host's loop turns it from a callback, never from
inside a task: newer Pythons refuse to enter a task while another one is running.
"""

import asyncio
from asyncio import events
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, NoReturn, Protocol, TypeVarTuple, Unpack

from outlast._clock import Micros, from_seconds, to_seconds
from outlast._engine.asyncgens import forget_asyncgens, hook_asyncgens
from outlast._engine.commands import StartWait
from outlast._engine.libraries import instead_by_caller
from outlast._engine.tasks import WorkflowFuture, WorkflowTask
from outlast._registry.durations import MAX_DURATION
from outlast.errors import NotDurableError

Ts = TypeVarTuple("Ts")

MAX_HANDLES_A_TURN = 1_000_000
"""A turn that has called so many callbacks spins: `while True: await asyncio.sleep(0)`."""


class Timers(Protocol):
    """Who keeps the timers of the loop: the execution."""

    def now(self) -> Micros: ...

    def start_timer(self, handle: "WorkflowTimer", deadline: Micros, name: str) -> None:
        """Run the handle when the time has come."""
        ...

    def stop_timer(self, handle: "WorkflowTimer") -> None:
        """The handle was cancelled."""
        ...


class WorkflowTimer(asyncio.TimerHandle):
    """A timer of asyncio's that is a durable wait."""

    command: StartWait
    durable = False
    """Whether it became a wait: one whose time has come when it is made does not."""


class _Ready(asyncio.Handle):
    """A callback that is ready: asyncio's own, made without asking whether the loop is being debugged."""

    __slots__ = ()

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._callback, self._args, self._loop = callback, args, loop
        self._context = copy_context() if context is None else context
        self._cancelled, self._repr, self._source_traceback = False, None, None


class WorkflowLoop(asyncio.AbstractEventLoop):
    """A deterministic event loop. `turn` runs what is ready, in the order in which it became ready."""

    def __init__(self, sources: Any, timers: Timers, salt: int) -> None:
        self.sources = sources
        self.reports: list[dict[str, Any]] = []
        """What asyncio had to say to an exception handler since it was last looked at."""
        self.tasks: list[WorkflowTask] = []
        self.asyncgens: dict[int, None] = {}
        self._timers: Any = timers
        self._ready: deque[asyncio.Handle] = deque()
        self._number = salt
        self._orphans = 0
        self._closed = False

    # What the execution uses

    def turn(self, most: int | None = None) -> None:
        """Run until nothing is ready. Call it from a callback of the host's loop, or without one.

        Raises `NotDurableError` after so many callbacks.
        """
        host = events._get_running_loop()
        hook_asyncgens()
        events._set_running_loop(self)
        try:
            while self._ready:
                self._run_ready(MAX_HANDLES_A_TURN if most is None else most)
        finally:
            events._set_running_loop(host)

    def _run_ready(self, most: int) -> None:
        """Run until nothing is ready. A task that raised `SystemExit` has it as its outcome: it ends
        neither the worker nor, for the other tasks, the turn."""
        ready = self._ready
        try:
            for _ in range(most):
                if not ready:
                    return
                handle = ready.popleft()
                if not handle._cancelled:
                    handle._run()
        except SystemExit:
            return
        raise NotDurableError(
            "a loop that never waits (such as `while True: await asyncio.sleep(0)`)",
            "Wait for something durable in it: sleep(...), a step, or a child.",
        )

    def next_number(self) -> int:
        """The next creation number of this execution."""
        self._number += 1
        return self._number

    def next_ref(self, name: str) -> str:
        """The structural id of what is asked for now."""
        task = asyncio.current_task(self)
        if isinstance(task, WorkflowTask):
            return task.next_ref(name)
        self._orphans += 1
        return f"~{self._orphans}/{name}#1"

    # Callbacks, tasks, futures and time, as asyncio calls them

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = _Ready(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = WorkflowTimer(when, callback, args, self, context)
        # To asyncio infinity is a time like any other. No date can tell it: for ever is a hundred years.
        now = self._timers.now()
        deadline = from_seconds(min(when, to_seconds(now + MAX_DURATION)))
        if deadline <= now:
            self._ready.append(handle)
        else:
            handle._scheduled = handle.durable = True  # type: ignore[attr-defined]
            self._timers.start_timer(handle, deadline, _timer_name(callback))
        return handle

    def time(self) -> float:
        """Logical time: seconds since the epoch at the last event."""
        return to_seconds(self._timers.now())

    def run_handle_soon(self, handle: asyncio.Handle) -> None:
        """Put a timer whose time has come to what is ready."""
        self._ready.append(handle)

    def create_future(self) -> asyncio.Future[Any]:
        future = WorkflowFuture(loop=self)
        future.number = self.next_number()
        return future

    def create_task(
        self,
        coro: Any,
        *,
        name: str | None = None,
        context: Context | None = None,
        **_options: Any,
    ) -> asyncio.Task[Any]:
        parent = asyncio.current_task(self)
        if isinstance(parent, WorkflowTask):
            path = parent.next_path()
        else:
            self._orphans += 1
            path = f"~{self._orphans}"
        return self._make_task(coro, path, name, context)

    def create_root(self, coro: Coroutine[Any, Any, Any], context: Context) -> WorkflowTask:
        """The main task, in that context."""
        return self._make_task(coro, "", None, context)

    def _make_task(
        self, coro: Coroutine[Any, Any, Any], path: str, name: str | None, context: Context | None
    ) -> WorkflowTask:
        task = WorkflowTask(
            coro, loop=self, number=self.next_number(), path=path, name=name, context=context
        )
        if len(self.tasks) > 64 and len(self.tasks) % 64 == 0:
            self.tasks = [kept for kept in self.tasks if not kept.done()]
        self.tasks.append(task)
        return task

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if isinstance(handle, WorkflowTimer) and handle.durable:
            self._timers.stop_timer(handle)

    def close_asyncgen(self, agen: AsyncGenerator[Any, Any]) -> None:
        """The code has dropped a generator before its end."""
        self.create_task(agen.aclose())

    # What asyncio asks of any loop

    def get_debug(self) -> bool:
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        pass

    def get_task_factory(self) -> None:
        """There is none to set. Libraries over asyncio ask before they make a task."""
        return

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Take nothing more, and let go of the execution, so that memory is freed without the garbage
        collector's help."""
        self._closed = True
        if self.asyncgens:
            forget_asyncgens(self)
        self._ready.clear()
        self.tasks.clear()
        self.sources = self._timers = None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.reports.append(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.reports.append(context)

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> NoReturn:
        _refuse("a callback from another thread")

    def run_in_executor(
        self, executor: Any, func: Callable[[Unpack[Ts]], Any], *args: *Ts
    ) -> asyncio.Future[Any]:
        """Refused, except with an executor that is no thread and says so, by `in_place = True`: then the function is
        called here and now, as workflow code. For libraries that would take a thread for each `def`."""
        if not getattr(executor, "in_place", False):
            _refuse(
                "a thread (asyncio.to_thread, run_in_executor)",
                "Make the function a step: a `def` step runs in a thread.",
            )
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - who awaits it gets it
            future.set_exception(error)
        return future


def make_loop(sources: Any, timers: Timers, salt: int) -> WorkflowLoop:
    """A loop. `salt` makes the hashes of its tasks differ from those of other executions."""
    concrete: Any = WorkflowLoop  # what it leaves abstract is set below, to refuse
    loop: WorkflowLoop = concrete(sources, timers, salt)
    return loop


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refused(_loop: WorkflowLoop, *_args: Any, **_kwargs: Any) -> NoReturn:
        if name == "run_until_complete":
            raise NotDurableError(f"the event loop's {name}()", _AWAIT)
        _refuse(f"the event loop's {name}()")

    return refused


# Everything of an event loop that is not defined above: sockets, pipes, processes, signals.
for _name in dir(asyncio.AbstractEventLoop):
    if not _name.startswith("_") and _name not in vars(WorkflowLoop):
        setattr(WorkflowLoop, _name, _refusing(_name))

_TIMER_NAMES = {
    "_set_result_unless_cancelled": "sleep",
    "Timeout._on_timeout": "timeout",
    "_release_waiter": "timeout",
    "_on_completion": "timeout",
}
"""Which of asyncio's functions a timer calls back, so that ids do not depend on Python's version."""


def _timer_name(callback: Callable[..., object]) -> str:
    name = getattr(callback, "__qualname__", "")
    return _TIMER_NAMES.get(name, "timeout" if "_on_timeout" in name else "timer")


_AWAIT = "Await it: a workflow is async already. Of an agent, await run() in place of run_sync()."


def _refuse(what: str, instead: str = "Move this into a step.") -> NoReturn:
    raise NotDurableError(what, instead_by_caller(instead))
