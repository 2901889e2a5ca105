"""The world in memory, composed of its stores."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from outlast._clock import Clock
from outlast.world import Capabilities
from outlast.worlds.memory.claims import MemoryClaims
from outlast.worlds.memory.listing import MemoryListing
from outlast.worlds.memory.log import MemoryLog
from outlast.worlds.memory.news import MemoryNews
from outlast.worlds.memory.retention import MemoryRetention
from outlast.worlds.memory.steps import MemorySteps
from outlast.worlds.memory.streams import MemoryStreams
from outlast.worlds.memory.tables import Tables

_URL = "memory://"


class MemoryWorld:
    """A world that lives as long as the object does; closing it keeps what it has.

    Several users in one process and on one event loop may share one object and open it each.
    """

    def __init__(self, clock: Clock) -> None:
        self._tables = Tables(_URL)
        self._log = MemoryLog(self._tables, clock)
        self._claims = MemoryClaims(self._tables, clock)
        self._steps = MemorySteps(self._tables, clock)
        self._streams = MemoryStreams(self._tables)
        self._listing = MemoryListing(self._tables)
        self._retention = MemoryRetention(self._tables)

    @property
    def url(self) -> str:
        """Always `memory://`."""
        return _URL

    @property
    def capabilities(self) -> Capabilities:
        """None of those that can be declared."""
        return Capabilities(durable=False, shared=False, notices_death=False)

    @property
    def log(self) -> MemoryLog:
        """The event logs of all runs."""
        return self._log

    @property
    def claims(self) -> MemoryClaims:
        """The workers, and the runs that they hold."""
        return self._claims

    @property
    def steps(self) -> MemorySteps:
        """The queue of dispatched steps."""
        return self._steps

    @property
    def streams(self) -> MemoryStreams:
        """The streams of all runs."""
        return self._streams

    @property
    def listing(self) -> MemoryListing:
        """Runs, workers and manifests, for reading."""
        return self._listing

    @property
    def retention(self) -> MemoryRetention:
        """Deletes runs that have ended."""
        return self._retention

    @property
    def news(self) -> MemoryNews:
        """News of writes, one's own among them."""
        return self._tables.news

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["MemoryWorld"]:
        """Open the world. It may be opened again, at the same time or later."""
        self._tables.users += 1
        try:
            yield self
        finally:
            self._tables.users -= 1
