"""Where it is played: the world, and what can be done to it."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from chaos.faults import NETWORK_KINDS, PROCESS_KINDS, SERVER_KINDS, Kind
from chaos.proxy import Proxy
from tools.postgres_server import PostgresServer, private_server


class Place:
    """A world, with what is around it."""

    def __init__(
        self,
        url: str,
        *,
        through: str | None = None,
        proxy: Proxy | None = None,
        server: PostgresServer | None = None,
    ) -> None:
        self.url = url
        """The straight way: for who looks at the end."""
        self.through = through or url
        """The way that faults strike: for workers, and for who starts runs."""
        self.proxy, self._server = proxy, server
        self._restarting = asyncio.Lock()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The faults that it can have."""
        network = NETWORK_KINDS if self.proxy else ()
        return (*PROCESS_KINDS, *network, *(SERVER_KINDS if self._server else ()))

    @property
    def lacking(self) -> str:
        """Why some faults are not drawn, for people."""
        reasons: list[str] = []
        if self.proxy is None:
            reasons.append("no faults of the network: this world has none")
        if self._server is None:
            reasons.append("no restarts: there is no server, or it is not ours")
        return "; ".join(reasons)

    async def restart(self, *, crash: bool, down: float) -> None:
        """Take the server down, and up again. One after the other."""
        server = self._server
        assert server is not None
        async with self._restarting:
            await asyncio.to_thread(server.stop, signal.SIGQUIT if crash else signal.SIGINT)
            await asyncio.sleep(down)
            await asyncio.to_thread(server.start)


@asynccontextmanager
async def place_of(world: str, folder: Path) -> AsyncGenerator[Place]:
    """The world `sqlite`, in the folder; `postgres`, on a server of our own; or that of a URL."""
    if world == "sqlite":
        yield Place(f"sqlite:///{folder / 'chaos.db'}")
    elif world == "postgres":
        with private_server(tcp=True) as server:
            async with _proxied(server.url(tcp=True), server) as place:
                yield place
    elif world.startswith("postgres"):
        async with _proxied(world, None) as place:
            yield place
    else:
        yield Place(world)


@asynccontextmanager
async def _proxied(url: str, server: PostgresServer | None) -> AsyncGenerator[Place]:
    parts = urlsplit(url)
    if parts.hostname is None:
        raise ValueError(
            "a server is needed that listens on TCP: its connections go through a proxy"
        )
    async with Proxy(parts.hostname, parts.port or 5432).running() as proxy:
        user, at, _ = parts.netloc.rpartition("@")
        netloc = f"{user}{at}127.0.0.1:{proxy.port}"
        through = urlunsplit(parts._replace(netloc=netloc))
        yield Place(url, through=through, proxy=proxy, server=server)
