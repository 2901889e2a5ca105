"""The app that calls go to when none is named."""

import asyncio
import os
from asyncio import _get_running_loop as running_loop
from contextlib import suppress
from typing import Any, Final, Protocol
from weakref import WeakSet

from outlast._api.where import current_attempt, current_execution
from outlast._runtime.runtime import Runtime
from outlast.errors import NoAppError, NotAllowedHereError


class AmbientApp(Protocol):
    """An open app, as far as calls and runs need it."""

    @property
    def runtime(self) -> Runtime: ...

    async def start(self, call: Any, /) -> Any:
        """Start a run of a call; gives its `Run`."""
        ...


OPEN_APPS: Final[list[AmbientApp]] = []
"""The apps that are open in this process, the last opened one last."""

CLOSED: Final[WeakSet[Runtime]] = WeakSet()
"""The runtimes of apps that were open."""


# In a forked child none is: the threads of their event loops stay behind, and whoever waits for one waits for ever.
os.register_at_fork(after_in_child=OPEN_APPS.clear)


def forget(app: AmbientApp) -> None:
    """The app is not open any more. Idempotent."""
    with suppress(ValueError):
        OPEN_APPS.remove(app)


def while_open(runtime: Runtime, what: str) -> Runtime:
    """The runtime. Raises `NoAppError` if its app is closed."""
    if runtime in CLOSED:
        raise NoAppError(what)
    return runtime


def here(runtime: Runtime, what: str) -> Runtime:
    """The runtime. Raises `NotAllowedHereError` in a workflow, and `NoAppError` on another event loop than its app's."""
    _check_outside(what)
    if running_loop() not in (None, runtime.loop):
        raise NoAppError(what, elsewhere=True)
    return runtime


def ambient_app(what: str) -> AmbientApp:
    """In a step, the app that runs it; elsewhere the one that was opened last, of those that belong to
    the running event loop: an app cannot be used from another loop's thread.

    Raises `NoAppError` if none is open there, and `NotAllowedHereError` in a workflow.
    """
    _check_outside(what)
    loop = asyncio.get_running_loop()
    apps = [app for app in OPEN_APPS if app.runtime.loop is loop]
    if not apps:
        raise NoAppError(what, elsewhere=bool(OPEN_APPS))
    attempt = current_attempt()
    own = [app for app in apps if attempt is not None and app.runtime is attempt.runtime]
    return (own or apps)[-1]


def _check_outside(what: str) -> None:
    if current_execution() is not None:
        raise NotAllowedHereError(
            what,
            "in a workflow",
            "Do it in a step: what is outside of a run changes between replays.",
        )
