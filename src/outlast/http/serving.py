"""Serving an HTTP app with uvicorn: for `outlast serve`."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn

from outlast import App
from outlast.http.draining import Served


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2_048)
    # Connections inherit it. The head and the body of an answer are written apart: without it the body waits for the
    # other side's delayed acknowledgement, 40 ms of each request. asyncio sets it only where the protocol is named.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket) -> str:
    """Its URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(server: "Server", listening: socket.socket, app: App, *, worker: bool) -> None:
    """Serve until the server is stopped. Raises `WorldError` when the worker of the app cannot go on."""
    serving = asyncio.ensure_future(server.serve([listening]))
    failing = asyncio.ensure_future(app.failure()) if worker else serving
    await asyncio.wait({serving, failing}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await serving
    if failing.done():
        failing.result()
    failing.cancel()
    await asyncio.gather(failing, return_exceptions=True)


class Server(uvicorn.Server):
    """Serves an HTTP app whose `App` is open. Whoever starts it handles the signals, and calls `stop`.

    It logs no requests: addresses may have secrets in them.
    """

    def __init__(self, http: Served, *, grace: float) -> None:
        config = uvicorn.Config(
            http,
            lifespan="off",
            ws="none",  # there are none; looking for a library that speaks them imports it
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=int(grace),
            server_header=False,
        )
        super().__init__(config)
        self._http = http

    def stop(self) -> None:
        """Stop: nothing is accepted any more, feeds and streams are ended with a hint to come back, and
        requests in flight finish within the grace period. Idempotent."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._http.drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Handle none."""
        yield
