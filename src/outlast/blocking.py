"""Runs from synchronous code: views of Flask and Django, threads, scripts.

The functions are those of `outlast`, and they wait. Call them from any thread but one whose event loop is running: there,
await the functions of `outlast`. They go to the app that was opened last in this process, wherever it was: in async code, or
with `opened` in a thread of its own.

    with opened(App("sqlite:///shop.db")):
        run = start(fulfil(order))
        print(run.result())
"""

import asyncio
import atexit
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar, Unpack, cast

from outlast import App, Call, RunStatus
from outlast import Run as AsyncRun
from outlast._api.ambient import OPEN_APPS
from outlast._api.listing import RunFilters
from outlast._api.runs import checked_run_id
from outlast._api.starting import StartKeywords
from outlast.errors import NoAppError, NotAllowedHereError
from outlast.records import EventRecord, RunInfo, RunPage, StepRecord, StreamInfo

__all__ = ["Run", "get_run", "list_runs", "open_app", "opened", "resume", "start"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class Run(Generic[R_co]):
    """A run, by its id. Its methods are those of `outlast.Run`, and raise the same errors.

    Also `NoAppError` if the app is closed meanwhile, and `NotAllowedHereError` where an event loop is running.
    """

    def __init__(self, run_id: str) -> None:
        self.id = checked_run_id(run_id)
        """The run's id."""

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def info(self) -> RunInfo:
        """The run as it stands."""
        return self._wait("Run.info()", lambda run: run.info())

    def status(self) -> RunStatus:
        """Where it stands."""
        return self._wait("Run.status()", lambda run: run.status())

    def result(self, timeout: Any = None) -> R_co:
        """Wait until the run is over, and give its result; see `outlast.Run.result`."""
        result: R_co = self._wait("Run.result()", lambda run: run.result(timeout))
        return result

    def cancel(self, reason: str | None = None) -> bool:
        """Ask for the run to be cancelled; durable on return. False if it is over already."""
        return self._wait("Run.cancel()", lambda run: run.cancel(reason))

    def wake(self) -> bool:
        """End the sleeps that it is in, now. Durable on return. False if it is over."""
        return self._wait("Run.wake()", lambda run: run.wake())

    def events(self, start: int = 0) -> list[EventRecord]:
        """The events of its log from position `start` on, in order."""
        return self._wait("Run.events()", lambda run: run.events(start))

    def steps(self) -> list[StepRecord]:
        """Its steps with their attempts."""
        return self._wait("Run.steps()", lambda run: run.steps())

    def follow(self, start: int = 0) -> Iterator[EventRecord]:
        """The events from position `start` on as they are committed, until the run is over."""
        return _iterate("Run.follow()", lambda app: app.get_run(self.id).follow(start))

    def streams(self) -> list[StreamInfo]:
        """The streams that it has, by name."""
        return self._wait("Run.streams()", lambda run: run.streams())

    def stream_info(self, name: str = "default") -> StreamInfo:
        """Where a stream stands, also one that nobody has written to yet."""
        return self._wait("Run.stream_info()", lambda run: run.stream_info(name))

    def stream(
        self,
        name: str = "default",
        start: int = 0,
        *,
        type: Any = None,  # noqa: A002 - as in `outlast.Run.stream`
        markers: bool = False,
        follow: bool = True,
    ) -> Iterator[Any]:
        """The values of a stream from index `start` on; see `outlast.Run.stream`."""

        def begin(app: App) -> AsyncIterator[Any]:
            run = app.get_run(self.id)
            return run.stream(name, start, type=type, markers=markers, follow=follow)

        return _iterate("Run.stream()", begin)

    def _wait(self, what: str, call: Callable[[AsyncRun[Any]], Coroutine[Any, Any, T]]) -> T:
        return _wait(what, lambda app: call(app.get_run(self.id)))


def start(call: Call[R], /, **options: Unpack[StartKeywords]) -> Run[R]:
    """Start a run, durable on return; the options, and what is raised, are those of `outlast.start`."""
    return Run(_wait("start()", lambda app: app.start(call, **options)).id)


def get_run(run_id: str) -> Run[Any]:
    """A handle on a run; see `outlast.get_run`."""
    return Run(run_id)


def list_runs(**filters: Unpack[RunFilters]) -> RunPage:
    """A page of runs, newest first; see `outlast.list_runs`."""
    return _wait("list_runs()", lambda app: app.list_runs(**filters))


def resume(token: str, payload: Any = None, *, key: str | None = None) -> str:
    """Hand a payload to a hook, durable on return; see `outlast.resume`."""
    return _wait("resume()", lambda app: app.resume(token, payload, key=key))


@contextmanager
def opened(app: App) -> Generator[App]:
    """Open the app, in a thread of its own, and close it at the end. Raises what opening it raises."""
    bridge = _Bridge(app)
    bridge.open()
    try:
        yield app
    finally:
        bridge.close()


def open_app(app: App) -> App:
    """Open the app, in a thread of its own, for as long as the process lives.

    Servers that fork their processes must call it in each of them, not before. Raises what opening it raises.
    """
    bridge = _Bridge(app)
    bridge.open()
    atexit.register(bridge.close)
    return app


class _Bridge:
    """An app and the thread whose event loop it lives on."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._opened: Future[None] = Future()
        self._closing: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="outlast", daemon=True)

    def open(self) -> None:
        """Return when it is open."""
        self._thread.start()
        self._opened.result()

    def close(self) -> None:
        """Return when it is closed. Idempotent."""
        if self._loop is not None and self._closing is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self._app:
                self._opened.set_result(None)
                await self._closing.wait()
        except BaseException as error:  # whoever opens it, in another thread, gets it
            if self._opened.done():
                raise
            self._opened.set_exception(error)


def _wait(what: str, call: Callable[[App], Coroutine[Any, Any, T]]) -> T:
    """Make the call on the app's event loop, and wait for it here. Given up on here, it is cancelled there."""
    app = _app(what)
    loop = app.runtime.loop
    if not loop.is_running():  # it would answer never
        raise NotAllowedHereError(
            f"outlast.blocking's {what}",
            "while the event loop that has opened the app stands still",
            "Open it with outlast.blocking.opened, or call this from a thread while that loop runs.",
        )
    future = asyncio.run_coroutine_threadsafe(call(app), loop)
    try:
        return future.result()
    except CancelledError:
        raise NoAppError(what) from None  # the loop ended before the call did
    finally:
        future.cancel()


def _iterate(what: str, begin: Callable[[App], AsyncIterator[T]]) -> Iterator[T]:
    """Iterate from here what is produced on the app's event loop. Nothing is fetched ahead."""
    source: list[AsyncIterator[T]] = []

    async def ask(app: App) -> tuple[T] | None:
        if not source:
            source.append(begin(app))
        async for one in source[0]:
            return (one,)
        return None

    async def leave(_app: App) -> None:
        await cast("AsyncGenerator[T]", source[0]).aclose()

    try:
        while (found := _wait(what, ask)) is not None:
            yield found[0]
    finally:
        if source:
            _wait(what, leave)


def _app(what: str) -> App:
    """The app that was opened last. Raises `NotAllowedHereError` where waiting would stop an event loop."""
    if _runs_a_loop():
        raise NotAllowedHereError(
            f"outlast.blocking's {what}",
            "where an event loop is running, which waiting would stop",
            "Await the function of the same name of `outlast`.",
        )
    if not OPEN_APPS:
        raise NoAppError(what)
    return cast(App, OPEN_APPS[-1])  # nothing else is ever open


def _runs_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
