"""Readers of what goes on: kept alive by comments while it is silent, and sent away when the server stops."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from starlette.types import Receive, Scope, Send

PING_EVERY: Final = 15.0
"""Seconds of silence after which a reader gets a comment, so that nothing between here and there hangs up."""


class Served(Protocol):
    """What is served: an ASGI application that can be told to end what goes on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        ...

    def drain(self) -> None:
        """End all feeds and streams, with a hint to come back. Idempotent."""
        ...


class Reader:
    """One of them."""

    __slots__ = ("leaving", "ping", "quiet")

    def __init__(self, ping: Callable[[], None] | None) -> None:
        self.leaving: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the reader is to go."""
        self.ping = ping
        self.quiet = False
        """Whether nothing was sent since the last look."""

    def leave(self) -> None:
        """Send it away."""
        if not self.leaving.done():
            self.leaving.set_result(None)


class Readers:
    """All readers of an HTTP app. One timer serves all of them: thousands may be idle."""

    def __init__(self, ping_every: float = PING_EVERY) -> None:
        self._readers: set[Reader] = set()
        self._ping_every = ping_every
        self._timer: asyncio.TimerHandle | None = None
        self._draining = False

    def __len__(self) -> int:
        return len(self._readers)

    def add(self, reader: Reader) -> None:
        """From now on it gets pings. While the server stops, it is sent away at once."""
        self._readers.add(reader)
        if self._draining:
            reader.leave()
        if self._timer is None:
            self._arm()

    def remove(self, reader: Reader) -> None:
        """It has gone."""
        self._readers.discard(reader)
        if not self._readers and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def drain(self) -> None:
        """Send all away, and those that come from now on. Idempotent."""
        self._draining = True
        for reader in tuple(self._readers):
            reader.leave()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._ping_every, self._look)

    def _look(self) -> None:
        for reader in tuple(self._readers):
            if reader.quiet and reader.ping is not None:
                reader.ping()
            reader.quiet = True
        self._arm()
