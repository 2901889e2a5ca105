"""News of other processes: a cheap look at a number that changes when another connection writes."""

import asyncio
import sqlite3
import time
from contextlib import suppress

from outlast.worlds.sqlite.encoding import ask
from outlast.worlds.sqlite.faults import closed
from outlast.worlds.sqlite.threads import ConnectionThread

_SHORTEST = 0.001
_LONGEST = 0.015
_SLACKENING = 1.3


class SqliteNews:
    """Looks while somebody waits, and only then: every millisecond at first, less and less often up
    to every 15 while nothing comes: a chunk of a stream is to be read within 20.

    It looks on the connection that writes, whose own commits do not change the number.
    """

    def __init__(self, url: str, writer: ConnectionThread) -> None:
        self._url = url
        self._writer = writer
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop on which the world is open."""
        self._writes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        # These are the writing thread's:
        self._version: int | None = None
        self._pause = _SHORTEST
        self._next_look = 0.0

    def mark(self) -> int:
        """The number of writes noticed until now."""
        return self._writes

    async def changed(self, mark: int) -> int:
        """Return the number of writes noticed as soon as it is above `mark`."""
        while self._writes <= mark:
            if self._loop is None:
                raise closed(self._url)
            waiting = self._loop.create_future()
            self._waiting.add(waiting)
            self._writer.poke()
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)
        return self._writes

    async def open(self) -> None:
        """The world is open: waiting has a meaning, and what is written from now on is news."""
        self._version = await self._writer.call(lambda connection: ask(connection, "data_version"))
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """The world is closed: those that wait get an error."""
        self._loop = None
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(closed(self._url))

    def look(self, connection: sqlite3.Connection) -> float | None:
        """In the writing thread: look if it is time to. Gives the seconds until the next look."""
        if not self._waiting:
            self._pause = _SHORTEST
            return None
        now = time.monotonic()
        if now >= self._next_look:
            self._look(connection)
            self._next_look = now + self._pause
        return self._next_look - now

    def _look(self, connection: sqlite3.Connection) -> None:
        try:
            version = ask(connection, "data_version")
        except sqlite3.Error:  # those that wait meet it again in their next call, and tell of it
            self._pause = _LONGEST
            self._notify()
            return
        if version == self._version:
            self._pause = min(self._pause * _SLACKENING, _LONGEST)
            return
        self._version = version
        self._pause = _SHORTEST
        self._notify()

    def _notify(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._writes += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
