"""`App`: an open world, and a worker in this process."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeVar, Unpack

from outlast._api.ambient import CLOSED, OPEN_APPS, forget, here
from outlast._api.calls import Call
from outlast._api.hook_records import find_hook, find_hooks
from outlast._api.interrupts import Interrupts, say_stopped_at_once
from outlast._api.listing import RunFilters, find_runs
from outlast._api.options import WorkerOptions, runtime_options
from outlast._api.pruning import prune_runs
from outlast._api.reading import worker_info
from outlast._api.resuming import resume_on
from outlast._api.runs import Run, checked_run_id
from outlast._api.settings import find_public_url, find_url, setting
from outlast._api.starting import StartKeywords, start_on, start_options
from outlast._clock import Clock, holding
from outlast._codec import Codec
from outlast._model.runs import RunStatus
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._registry.registry import REGISTRY
from outlast._registry.version import code_version
from outlast._runtime.observers import Observers
from outlast._runtime.racing import first_of
from outlast._runtime.runtime import Runtime
from outlast._runtime.system import SystemClock
from outlast._worker.worker import Worker
from outlast.errors import NoAppError
from outlast.instrument import Instrument
from outlast.records import HookInfo, HookPage, HookSort, RunPage, WorkerInfo
from outlast.world import World
from outlast.worlds import world_from_url

R = TypeVar("R")

_WITH_WORKER: Final = "an open app with a worker"


class App:
    """An open world and, unless `worker=False`, a worker in this process that serves all workflows.

    Open it with `async with`. While it is open, `start`, `get_run`, `list_runs` and awaited workflow
    calls go to it. At the end, attempts in flight get a grace period and live runs are handed back.

    Args:
        url: The world: `"sqlite:///path/to.db"`, `"postgresql://..."`, `"memory://"`; by default `OUTLAST_URL`, then
            `[tool.outlast]` in pyproject.toml, then the file `.outlast/outlast.db`.
        worker: Whether to execute runs here.
        options: How the worker works.
        codec: What turns values into bytes.
        clock: Tells the time; the system's by default.
        instruments: Observers of the runtime.
        public_url: Where the HTTP app is, as others see it: the URLs of webhooks begin with it. By default
            `OUTLAST_PUBLIC_URL`, then `[tool.outlast]`.
        world: An unopened world to use instead of `url`.

    Raises:
        TypeError: `url`, `worker`, `options`, `codec` or `public_url` is of another type.
        SettingsError: A setting of the worker cannot be used.

    Opening it raises:
        WorldError: The world cannot be opened.
        SettingsError: A setting cannot be used.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        worker: bool = True,
        options: WorkerOptions | None = None,
        codec: Codec | None = None,
        clock: Clock | None = None,
        instruments: Sequence[Instrument] = (),
        public_url: str | None = None,
        world: World | None = None,
    ) -> None:
        _check_kind("url", url, str)
        _check_kind("worker", worker, bool)
        _check_kind("options", options, WorkerOptions)
        _check_kind("codec", codec, Codec)
        _check_kind("public_url", public_url, str)
        self._url, self._serves, self._world = url, worker, world
        self._public_url = public_url
        self.learnt_url = ""
        """The public address, as whoever serves the app has found it out before it is opened. Internal."""
        self._options = options or WorkerOptions()
        self._codec = codec or Codec()
        self._clock: Clock = clock or SystemClock()
        self._observers = Observers(instruments)
        self._stack = AsyncExitStack()
        self._runtime: Runtime | None = None
        self._worker: Worker | None = None

    async def __aenter__(self) -> Self:
        with holding(self._clock):
            await self._open()
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        self._runtime = self._worker = None

    if not TYPE_CHECKING:  # type checkers find it by themselves

        def __enter__(self) -> NoReturn:
            raise TypeError(
                "an App is opened by `async with App() as app: ...`, and where there is no event loop "
                "by `with outlast.blocking.opened(App()): ...`"
            )

        def __exit__(self, *error: object) -> NoReturn: ...

    @property
    def runtime(self) -> Runtime:
        """The open runtime. Internal. Raises `NoAppError` before and after the app is open."""
        if self._runtime is None:
            raise NoAppError("a method of App")
        return self._runtime

    @property
    def url(self) -> str:
        """The world's URL, without secrets."""
        return self.runtime.world.url

    @property
    def public_url(self) -> str | None:
        """Where the HTTP app is, as others see it; `None` if nobody has said it."""
        return self.runtime.public_base or None

    async def start(self, call: Call[R], /, **options: Unpack[StartKeywords]) -> Run[R]:
        """Start a run on this app; the options are those of `outlast.start`."""
        return await start_on(here(self.runtime, "App.start()"), call, start_options(options))

    def get_run(self, run_id: str) -> Run[Any]:
        """A handle on a run of this app. It need not exist: the handle's methods tell.

        Raises `ValueError` for a text that no run can have as its id.
        """
        return Run(checked_run_id(run_id), lambda: self.runtime)

    async def list_runs(self, **filters: Unpack[RunFilters]) -> RunPage:
        """A page of runs, newest first; see `outlast.list_runs`."""
        return await find_runs(here(self.runtime, "App.list_runs()"), filters)

    async def resume(self, token: str, payload: Any = None, *, key: str | None = None) -> str:
        """Hand a payload to a hook of this app; see `outlast.resume`."""
        return await resume_on(here(self.runtime, "App.resume()"), token, payload, key)

    async def get_hook(self, token: str) -> HookInfo:
        """The live hook that has the token. Raises `HookNotFoundError` if there is none."""
        return await find_hook(here(self.runtime, "App.get_hook()"), token)

    async def list_hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        sort: HookSort = "-created",
    ) -> HookPage:
        """A page of the hooks of a run, or of all runs, newest first; with `sort="created"` oldest first. Who sees it
        has their tokens.

        Raises `ValueError` for a limit that is not 1 to 1,000, or a cursor that is none of such a list.
        """
        return await find_hooks(here(self.runtime, "App.list_hooks()"), run_id, limit, cursor, sort)

    async def workers(self) -> tuple[WorkerInfo, ...]:
        """The workers that serve this world, oldest first."""
        return tuple(
            worker_info(worker)
            for worker in await here(self.runtime, "App.workers()").world.listing.workers()
        )

    async def notice_deaths(self) -> int:
        """Make due what dead workers hold, where the world notices deaths, and forget these workers. Workers
        do this by themselves; it is for those who only look. Gives how many were found dead."""
        return await here(self.runtime, "App.notice_deaths()").world.claims.reap()

    async def prune(
        self,
        older_than: Delay,
        *,
        status: RunStatus | str | Sequence[RunStatus | str] = (),
        workflow: str | Sequence[str] = (),
    ) -> int:
        """Delete the runs that ended longer ago than this, with their events. Gives how many.

        In small batches, the oldest first: others can write between them. Runs that have not ended are
        never touched.

        Args:
            older_than: Seconds, a text such as `"30 days"`, or a `timedelta`.
            status: Only of this status, or these: `completed`, `failed`, `cancelled`.
            workflow: Only of this workflow, or these.

        Raises:
            ValueError: An unknown status, or one that is no end.
            InvalidDurationError: The age is no length of time.
        """
        return await prune_runs(
            here(self.runtime, "App.prune()"), duration(older_than), status, workflow
        )

    async def serve(
        self,
        *,
        on_stopping: Callable[[], None] = lambda: None,
        on_stopped_at_once: Callable[[], None] = say_stopped_at_once,
    ) -> None:
        """Serve until SIGTERM or Ctrl-C; then stop: attempts in flight finish within the grace period,
        and runs are handed back. A second signal stops the process at once.

        Args:
            on_stopping: Called when the first signal has come.
            on_stopped_at_once: Called in the handler of the second signal, right before the process ends; says
                so on standard error by default.

        Raises:
            WorldError: The world broke, and the worker cannot go on.
            NoAppError: The app is not open, or has no worker.
        """
        if self._worker is None:
            raise NoAppError("App.serve()", needed=_WITH_WORKER)

        def stopping() -> None:
            self.runtime.drain()  # at once: what is said to stop must not go on for some more turns of the loop
            on_stopping()

        with Interrupts(stopping, on_stopped_at_once).handled() as interrupts:
            await first_of(interrupts.asked.wait(), self.failure())
            await self.stop()

    async def failure(self) -> None:
        """Wait for as long as the worker can go on. Raises `WorldError` when the world broke, or
        `NoAppError` if there is no worker; never returns."""
        if self._worker is None:
            raise NoAppError("App.failure()", needed=_WITH_WORKER)
        await asyncio.shield(self._worker.failed)

    async def stop(self, grace: Delay | None = None) -> None:
        """Stop the worker: no more claims, a grace period for attempts in flight (that of the options by
        default), then what is live is handed back. Idempotent."""
        if self._worker is not None:
            await self._worker.stop(None if grace is None else duration(grace))

    async def abandon(self) -> None:
        """Close at once and hand nothing back, as a process does that dies. Internal: it is for
        `outlast.testing.crash`. Idempotent."""
        if self._worker is not None:
            await self._worker.abandon()
        await self._stack.aclose()

    async def _open(self) -> None:
        async with AsyncExitStack() as stack:
            world = self._world or world_from_url(find_url(self._url), self._clock)
            await stack.enter_async_context(world.opened())
            self._runtime = Runtime(
                world,
                registry=REGISTRY,
                codec=self._codec,
                clock=self._clock,
                observers=self._observers,
                options=runtime_options(self._options),
                version=setting("version") or code_version(REGISTRY),
                chance=random.SystemRandom(),
            )
            self._runtime.public_base = find_public_url(self._public_url) or self.learnt_url
            self._observers.open(self._clock)
            stack.callback(CLOSED.add, self._runtime)
            stack.push_async_callback(self._runtime.close)
            # Until the worker has stopped: steps that are finishing find their app.
            OPEN_APPS.append(self)
            stack.callback(forget, self)
            if self._serves:
                self._worker = Worker(self._runtime)
                await self._worker.start()
                stack.push_async_callback(self._worker.stop)
            self._stack = stack.pop_all()


def _check_kind(name: str, given: object, kind: type) -> None:
    """For users without a type checker."""
    if given is not None and not isinstance(given, kind):
        message = f"App({name}=...) takes an object of the type {kind.__name__}, not {given!r}"
        raise TypeError(message)
