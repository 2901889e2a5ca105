"""The app that calls go to when none is named."""

from typing import TYPE_CHECKING, Final, Protocol, Unpack

from outlast._api.where import current_attempt
from outlast.errors import NoAppError

if TYPE_CHECKING:  # a call and a run name the app that they go to, and the app makes them
    from outlast._api.calls import Call, R
    from outlast._api.runs import Run
    from outlast._api.starting import StartKeywords
    from outlast._runtime.runtime import Runtime


class AmbientApp(Protocol):
    """An open app."""

    @property
    def runtime(self) -> "Runtime": ...

    async def start(self, call: "Call[R]", /, **options: "Unpack[StartKeywords]") -> "Run[R]": ...


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
