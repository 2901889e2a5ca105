"""The world in a SQLite file, composed of its stores."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from outlast._clock import Clock
from outlast.world import Capabilities
from outlast.worlds.planning import Glimpses
from outlast.worlds.sqlite.claims import SqliteClaims
from outlast.worlds.sqlite.connecting import connect_reader, connect_writer, real_path
from outlast.worlds.sqlite.faults import opened_twice
from outlast.worlds.sqlite.listing import SqliteListing
from outlast.worlds.sqlite.locks import WorkerLocks
from outlast.worlds.sqlite.log import SqliteLog
from outlast.worlds.sqlite.news import SqliteNews
from outlast.worlds.sqlite.retention import SqliteRetention
from outlast.worlds.sqlite.steps import SqliteSteps
from outlast.worlds.sqlite.streams import SqliteStreams
from outlast.worlds.sqlite.threads import ConnectionThread

_PATIENCE = 5.0


class SqliteWorld:
    """A world in one file: durable, and shared by any number of processes of one machine.

    `patience` is how many seconds to wait for another program that has the file locked. The file is
    made if it is not there; its folder only if it is called `.outlast`.
    """

    def __init__(self, path: str | Path, clock: Clock, *, patience: float = _PATIENCE) -> None:
        self._path = real_path(path)
        self._url = f"sqlite:///{Path(path)}"
        self._patience = patience
        self._writer = ConnectionThread("outlast-sqlite-writer", self._url, clock, patience)
        self._reader = ConnectionThread("outlast-sqlite-reader", self._url, clock, patience)
        self._locks = WorkerLocks(self._path, self._url)
        glimpses = Glimpses()
        self._log = SqliteLog(self._path, self._writer, self._reader, clock, glimpses)
        self._claims = SqliteClaims(self._path, self._writer, self._reader, self._locks, clock)
        self._steps = SqliteSteps(self._writer, self._reader, clock)
        self._streams = SqliteStreams(self._writer, self._reader)
        self._listing = SqliteListing(self._path, self._writer, self._reader, glimpses)
        self._retention = SqliteRetention(self._writer)
        self._news = SqliteNews(self._url, self._writer)

    @property
    def url(self) -> str:
        """The path behind `sqlite:///`."""
        return self._url

    @property
    def capabilities(self) -> Capabilities:
        """All of those that can be declared."""
        return Capabilities(durable=True, shared=True, notices_death=True)

    @property
    def log(self) -> SqliteLog:
        """The event logs of all runs."""
        return self._log

    @property
    def claims(self) -> SqliteClaims:
        """The workers, and the runs that they hold."""
        return self._claims

    @property
    def steps(self) -> SqliteSteps:
        """The queue of dispatched steps."""
        return self._steps

    @property
    def streams(self) -> SqliteStreams:
        """The streams of all runs."""
        return self._streams

    @property
    def listing(self) -> SqliteListing:
        """Runs, workers and manifests, for reading."""
        return self._listing

    @property
    def retention(self) -> SqliteRetention:
        """Deletes runs that have ended."""
        return self._retention

    @property
    def news(self) -> SqliteNews:
        """News of other connections to the file."""
        return self._news

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["SqliteWorld"]:
        """Open the file, bring its schema up to date, and close it at the end.

        One object is open once at a time; another object for the same file is like another process.
        Raises `WorldError` and its subclasses if the file cannot be used.
        """
        if self._writer.running:
            raise opened_twice(self._url)
        async with AsyncExitStack() as cleanup:
            cleanup.callback(self._locks.close)
            await self._writer.start(
                lambda: connect_writer(self._path, self._url, self._patience), self._news.look
            )
            cleanup.push_async_callback(self._writer.stop)
            await self._reader.start(lambda: connect_reader(self._path, self._patience))
            cleanup.push_async_callback(self._reader.stop)
            self._listing.opened()
            await self._news.open()
            cleanup.callback(self._news.close)
            yield self
