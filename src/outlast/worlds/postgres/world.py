"""The world in PostgreSQL, composed of its stores."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from outlast._clock import Clock
from outlast.world import Capabilities
from outlast.worlds.planning import Glimpses
from outlast.worlds.postgres.address import read_address
from outlast.worlds.postgres.claims import PostgresClaims
from outlast.worlds.postgres.clock import DatabaseTime
from outlast.worlds.postgres.connections import Connections
from outlast.worlds.postgres.faults import opened_twice
from outlast.worlds.postgres.listing import PostgresListing
from outlast.worlds.postgres.log import PostgresLog
from outlast.worlds.postgres.news import PostgresNews
from outlast.worlds.postgres.queries import queries
from outlast.worlds.postgres.retention import PostgresRetention
from outlast.worlds.postgres.schema import PostgresSchema
from outlast.worlds.postgres.session import Session
from outlast.worlds.postgres.steps import PostgresSteps
from outlast.worlds.postgres.streams import PostgresStreams

_READERS = 2


class PostgresWorld:
    """A world in one schema of a database: durable, and shared by any number of processes.

    It takes up to five connections: one that commits, one that writes streams, two for the rest, and one that stays,
    which listens and shows that the worker lives. If the clock can follow another one, it follows the database's.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._address = address = read_address(url)
        named = queries(address.quoted)
        time = DatabaseTime(clock)
        self._schema = PostgresSchema(address)
        self._writing = Connections(address, clock, limit=1)
        self._reading = Connections(address, clock, limit=_READERS)
        self._streaming = Connections(address, clock, limit=1)
        self._session = Session(address, named, time, lambda teller: self._news.heard(teller))
        self._news = PostgresNews(address.url, self._reading, self._session, named["notify"])
        glimpses = Glimpses()
        self._log = PostgresLog(
            address.url, named, self._writing, self._reading, time, self._news, glimpses
        )
        self._claims = PostgresClaims(named, self._reading, time, self._session, self._news)
        self._steps = PostgresSteps(named, self._reading, time)
        self._streams = PostgresStreams(address.quoted, self._streaming, self._reading, self._news)
        self._listing = PostgresListing(named, self._reading, glimpses)
        self._retention = PostgresRetention(named, self._reading)

    @property
    def url(self) -> str:
        """How it was named, without secrets."""
        return self._address.url

    @property
    def capabilities(self) -> Capabilities:
        """All of those that can be declared; through a pooler in transaction mode, a death is not
        noticed before the lease ends."""
        return Capabilities(durable=True, shared=True, notices_death=not self._address.pooled)

    @property
    def schema(self) -> PostgresSchema:
        """The schema, for looking at it and bringing it up to date."""
        return self._schema

    @property
    def log(self) -> PostgresLog:
        """The event logs of all runs."""
        return self._log

    @property
    def claims(self) -> PostgresClaims:
        """The workers, and the runs that they hold."""
        return self._claims

    @property
    def steps(self) -> PostgresSteps:
        """The queue of dispatched steps."""
        return self._steps

    @property
    def streams(self) -> PostgresStreams:
        """The streams of all runs."""
        return self._streams

    @property
    def listing(self) -> PostgresListing:
        """Runs, workers and manifests, for reading."""
        return self._listing

    @property
    def retention(self) -> PostgresRetention:
        """Deletes runs that have ended."""
        return self._retention

    @property
    def news(self) -> PostgresNews:
        """News of other users of the schema."""
        return self._news

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["PostgresWorld"]:
        """Connect, apply what the schema lacks, and disconnect at the end.

        One object is open once at a time; another object for the same URL is like another process.
        Raises `WorldError` and its subclasses if the database cannot be used.
        """
        if self._writing.is_open:
            raise opened_twice(self.url)
        async with AsyncExitStack() as cleanup:
            await self._writing.open()
            cleanup.push_async_callback(self._writing.close)
            await self._writing.call(self._schema.prepare)
            await self._log.ask_time()
            for later in (self._reading, self._streaming):
                later.open_later()
                cleanup.push_async_callback(later.close)
            cleanup.callback(self._claims.forget)
            cleanup.push_async_callback(self._session.close)
            self._news.open()
            cleanup.push_async_callback(self._news.close)
            yield self
