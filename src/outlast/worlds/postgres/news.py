"""News of other world objects: NOTIFY from those that write, and a look now and then."""

import asyncio
import os
from contextlib import suppress

from outlast.errors import WorldError
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.faults import FAULTS, closed
from outlast.worlds.postgres.session import Session

GAP = 0.02
"""Seconds between two notifications of one world object, at least. NOTIFY takes a lock that all of the
server's databases share, until its transaction is over; so it goes in one of its own, which has nothing to
wait for, after the commit, and one tells of many."""

LULL = 0.25
"""Seconds for which a write may go untold that only those hear of who follow a run."""


class PostgresNews:
    """Hears of what others have written, and tells others.

    A notification that is lost costs the time until the session's next look.
    """

    def __init__(self, url: str, connections: Connections, session: Session, query: str) -> None:
        self._url = url
        self._connections = connections
        self._session = session
        self._query = query
        self._name = os.urandom(6).hex()
        self._open = False
        self._writes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._untold: float | None = None
        """When what was written is to be told, at the latest."""
        self._teller: asyncio.Task[None] | None = None
        self._sooner = asyncio.Event()

    def mark(self) -> int:
        """The number of writes heard of until now."""
        return self._writes

    async def changed(self, mark: int) -> int:
        """Return the number of writes heard of as soon as it is above `mark`."""
        while self._writes <= mark:
            if not self._open:
                raise closed(self._url)
            self._session.start()
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        return self._writes

    def heard(self, teller: str | None = None) -> None:
        """Somebody has written, or may have: `teller` is the name of who says so."""
        if teller == self._name:
            return
        self._writes += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def written(self, *, urgent: bool) -> None:
        """This world object has written: tell others, soon if it is urgent."""
        if not self._open:
            return
        loop = asyncio.get_running_loop()
        when = loop.time() + (0 if urgent else LULL)
        if self._untold is None or when < self._untold:
            self._untold = when
            self._sooner.set()
        if self._teller is None:
            self._teller = loop.create_task(self._tell())

    def open(self) -> None:
        """The world is open: waiting has a meaning."""
        self._open = True
        self._sooner = asyncio.Event()

    async def close(self) -> None:
        """The world closes: what is untold is told, and those that wait get an error."""
        self._open = False
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(closed(self._url))
        if self._untold is not None:
            self._untold = 0.0
            self._sooner.set()
        if self._teller is not None:
            await self._teller

    async def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        while self._untold is not None:
            self._sooner.clear()
            if (left := self._untold - loop.time()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._sooner.wait(), left)
                continue
            self._untold = None
            # Who is not told looks for himself, only later; and the next write is told anew.
            with suppress(WorldError, *FAULTS):
                await self._connections.call(
                    lambda connection: connection.execute(
                        self._query, self._session.channel, self._name
                    )
                )
            await _pause(GAP)
        self._teller = None


async def _pause(seconds: float) -> None:
    over = asyncio.get_running_loop().create_future()
    handle = asyncio.get_running_loop().call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        handle.cancel()
