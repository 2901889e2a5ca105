"""`asgi`: the web UI, to serve as it is or to mount under a path of another app."""

from typing import Final

from starlette.types import Receive, Scope, Send

from outlast import App
from outlast.http import Access
from outlast.http import asgi as api_of
from outlast.http.draining import Served
from outlast.web.pages import Pages

API: Final = "/api/v1"
"""Where the API is, below where this is mounted: the pages ask for nothing else."""


class WebApp:
    """The web UI: an ASGI application of pages, and the API that they use. Made by `asgi`."""

    def __init__(self, api: Served) -> None:
        self._api = api
        self._pages = Pages()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] == "http" and not _is_for_api(scope):
            await self._pages(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    def drain(self) -> None:
        """The server is about to stop: end all feeds and streams. Idempotent."""
        self._api.drain()


def asgi(app: App | None = None, *, access: Access | None = None) -> WebApp:
    """The web UI of an `App`: an ASGI application to serve, or to mount into another one under any path.

    It has an API of its own below `/api/v1`, so it needs no other. What opens the app is told at
    `outlast.http.asgi`: served by itself this does, mounted the lifespan of the outer application does.

    Args:
        app: The app whose runs it shows; `App()` by default.
        access: Gives the role of whoever sends a request, as for `outlast.http.asgi`: `Role.READ` may look, and is
            shown no button that acts. By default the tokens in `OUTLAST_HTTP_TOKENS` decide, for one of which the pages
            then ask; without any, only this machine is answered.

    Raises:
        SettingsError: The tokens cannot be used.
    """
    return WebApp(api_of(app, base=API, access=access))


def _is_for_api(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path == API or path.startswith(f"{API}/")
