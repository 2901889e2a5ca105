"""The app that calls go to when none is named."""

from typing import Any, Final, Protocol

from outlast._api.where import current_attempt
from outlast._runtime.runtime import Runtime
from outlast.errors import NoAppError


class AmbientApp(Protocol):
    """An open app, as far as calls and runs need it."""

    @property
    def runtime(self) -> Runtime: ...

    async def start(self, call: Any, /) -> Any:
        """Start a run of a call; gives its `Run`."""
        ...


OPEN_APPS: Final[list[AmbientApp]] = []
"""The apps that are open in this process, the last opened one last."""


def ambient_app(what: str) -> AmbientApp:
    """In a step, the app that runs it; elsewhere the one that was opened last.

    Raises `NoAppError` if none is open.
    """
    attempt = current_attempt()
    if attempt is not None:
        for app in OPEN_APPS:
            if app.runtime is attempt.runtime:
                return app
    if not OPEN_APPS:
        raise NoAppError(what)
    return OPEN_APPS[-1]
