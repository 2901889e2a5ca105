"""The server: two chats, their overview, files and previews, and the page.

Started by `python -m examples.coding_agent`, which starts it again when it is killed. By itself:

    python -m examples.coding_agent.server --port 8000
"""

import argparse
import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.coding_agent.agent import CHOICE
from examples.coding_agent.chats import TALK_CHOICE, code, talk
from examples.coding_agent.overview import chats_of
from examples.coding_agent.previews import list_files, preview, show_file
from examples.coding_agent.settings import data_folder, is_development, keep, sandboxes
from examples.coding_agent.small_model import SMALL
from examples.coding_agent.sweeping import sweep_forever
from outlast import App, WorkerOptions
from outlast.agents import ui
from outlast.errors import OutlastError, RunNotFoundError
from outlast.http import Loopback
from outlast.http.access import refuse_other_sites
from outlast.http.problems import tell_error

STATIC: Final = Path(__file__).with_name("static")
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
NOT_BUILT: Final = "The page is not built yet. Its sources are in examples/coding_agent/web."
_LEASE: Final = "2s"  # after a kill nobody waits longer than that
_PAGES: Final = {"/": "index.html", "/app.js": "app.js", "/app.css": "app.css"}


class CodingServer(Starlette):
    """The ASGI application."""

    def __init__(self) -> None:
        self.outlast = App(
            f"sqlite:///{data_folder()}/outlast.db",
            options=WorkerOptions(lease=_LEASE, grace="2s", retention=timedelta(days=keep())),
        )
        self.chats = (
            ui.chat_app(self.outlast, session=code, base="/api/code"),
            ui.chat_app(self.outlast, turn=talk, base="/api/talk"),
        )
        chats = [
            Route(path, _Whole(one))
            for one in self.chats
            for path in (one.base, one.base + "/{rest:path}")
        ]
        super().__init__(
            routes=[
                *chats,
                *(Route(path, _page) for path in _PAGES),
                Route("/api/info", self._info),
                Route("/api/chats", self._chats),
                Route("/api/wake/{chat}", self._wake, methods=["POST"]),
                Route("/api/development/kill", _kill, methods=["POST"]),
                Route("/api/sandboxes/{sandbox}/files", list_files),
                Route("/api/sandboxes/{sandbox}/files/{path:path}", show_file),
                Route("/preview/{sandbox}/{path:path}", preview),
            ],
            lifespan=self._open,
            exception_handlers={OutlastError: tell_error},
        )

    def drain(self) -> None:
        """The server is about to stop: readers are to come back."""
        for one in self.chats:
            one.drain()

    @asynccontextmanager
    async def _open(self, _: Starlette) -> AsyncGenerator[None]:
        data_folder().mkdir(parents=True, exist_ok=True)
        await SMALL.serve()
        async with self.outlast:
            sweeping = asyncio.create_task(sweep_forever(self.outlast))
            yield
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        SMALL.stop()

    async def _info(self, request: Request) -> Response:
        Loopback()(request)
        missing = SMALL.missing() if TALK_CHOICE.model is SMALL.model else None
        told: dict[str, Any] = {
            "development": is_development(),
            "code": CHOICE.described(),
            "talk": None if missing else TALK_CHOICE.described(),
            "limits": sandboxes().limits.described(),
            "sandbox_missing": await asyncio.to_thread(sandboxes().unavailable),
        }
        return JSONResponse(told if missing is None else {**told, "talk_missing": missing})

    async def _chats(self, request: Request) -> Response:
        Loopback()(request)
        return JSONResponse({"chats": await chats_of(self.outlast)})

    async def _wake(self, request: Request) -> Response:
        Loopback()(request)
        refuse_other_sites(request)
        try:
            await self.outlast.get_run(f"chat_{request.path_params['chat']}").wake()
        except (RunNotFoundError, ValueError):
            return JSONResponse({"detail": "there is no such chat"}, status_code=404)
        return Response(status_code=204)


class _Whole:
    """An application for all methods of a path, as it is: a class of its own, since Starlette takes functions for endpoints."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand it on."""
        await self._app(scope, receive, send)


async def _page(request: Request) -> Response:
    """The page and what belongs to it."""
    Loopback()(request)
    file = STATIC / _PAGES[request.url.path]
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    if not file.is_file():
        return Response(NOT_BUILT, status_code=404, media_type="text/plain", headers=headers)
    return FileResponse(file, headers=headers)


async def _kill(request: Request) -> Response:
    """Die, as a machine does. For development only."""
    Loopback()(request)
    refuse_other_sites(request)
    if not is_development():
        return JSONResponse({"detail": "not in development"}, status_code=404)
    return Response(status_code=202, background=BackgroundTask(_die))


async def _die() -> None:
    await asyncio.sleep(0.05)  # until the answer is on its way
    os.kill(os.getpid(), signal.SIGKILL)


class _Server(uvicorn.Server):
    """Lets readers of messages go when it stops, and ends when whoever has started it is gone."""

    def __init__(self, site: CodingServer) -> None:
        self._site = site
        config = uvicorn.Config(
            site, access_log=False, log_level="warning", timeout_graceful_shutdown=3
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._site.drain()
        await super().shutdown(sockets)

    def end_with(self, pipe: int) -> None:
        """Stop when the other end of the pipe is closed."""

        def stop() -> None:
            asyncio.get_running_loop().remove_reader(pipe)
            self.should_exit = True

        asyncio.get_running_loop().add_reader(pipe, stop)


async def _serve(listening: socket.socket, parent: int | None) -> None:
    server = _Server(CodingServer())
    if parent is not None:
        server.end_with(parent)
    await server.serve([listening])


def serve(listening: socket.socket, parent: int | None = None) -> None:
    """Serve on a socket that listens; until the other end of a pipe is closed, if there is one."""
    asyncio.run(_serve(listening, parent))


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m examples.coding_agent.server")
    parser.add_argument("--port", type=int, default=8000)
    with socket.create_server(("127.0.0.1", parser.parse_args().port)) as listening:
        serve(listening)


if __name__ == "__main__":
    main()
