"""A schema of a PostgreSQL database."""

import asyncio
import statistics
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex
from time import perf_counter
from typing import TypeAlias

import asyncpg

from benchmarks.databases.rows import AT, DATA, KIND, RUN_ID
from benchmarks.model import Measured
from outlast.worlds.postgres.address import read_address

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

TOGETHER = 16
CREATE = """
CREATE TABLE IF NOT EXISTS events (
    run_id text, position integer, at bigint, kind text, data bytea, PRIMARY KEY (run_id, position))
"""
INSERT = "INSERT INTO events VALUES ($1, $2, $3, $4, $5)"
INSERT_MANY = """
INSERT INTO events
SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[])
"""


class PostgresDatabase:
    """The schema of a measurement, and one of bare tables beside it."""

    def __init__(self, url: str) -> None:
        self._address = read_address(url)
        self._bare = f'"{self._address.schema}_bare"'

    @property
    def schema(self) -> str:
        """The name of the world's schema, in quotes as in SQL."""
        return self._address.quoted

    @asynccontextmanager
    async def connected(self, schema: str | None = None) -> AsyncGenerator[Connection]:
        """A connection that finds the tables of the world, or those of another schema."""
        connection: Connection = await asyncpg.connect(
            self._address.dsn, server_settings={"search_path": schema or self.schema}
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def drop(self) -> None:
        """Remove all of it, and leave the server as if it had not been: nothing to write or to clean up."""
        async with self.connected() as connection:
            for schema in (self.schema, self._bare):
                await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            await connection.execute("CHECKPOINT")

    @asynccontextmanager
    async def bare(self) -> AsyncGenerator["PostgresTable"]:
        """The bare table, on a connection of its own."""
        async with self.connected(self._bare) as connection:
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._bare}")
            await connection.execute(CREATE)
            yield PostgresTable(connection, f"{RUN_ID}-{token_hex(4)}")

    async def limits(self) -> Measured:
        """Durable commits of one row, on one connection and on 16, and of 100 rows; a round trip."""
        async with self.bare() as table:
            await table.commit_times(20)
            singles = await table.commit_times(200)
            hundreds = await table.commit_times(50, rows=100)
            trips = await table.round_trip_times(200)
        return {
            "commit_ms": statistics.median(singles) * 1e3,
            "commits_s": len(singles) / sum(singles),
            "commits16_s": await self._commits_together(50),
            "rows_s": 100 * len(hundreds) / sum(hundreds),
            "round_trip_ms": statistics.median(trips) * 1e3,
        }

    async def _commits_together(self, commits: int) -> float:
        async with AsyncExitStack() as stack:
            tables = [await stack.enter_async_context(self.bare()) for _ in range(TOGETHER)]
            await asyncio.gather(*[table.commit_times(2) for table in tables])
            began = perf_counter()
            await asyncio.gather(*[table.commit_times(commits) for table in tables])
            return TOGETHER * commits / (perf_counter() - began)

    async def count_runs(self, status: str) -> int:
        """How many runs of the world have the status."""
        return await self.number("SELECT count(*) FROM runs WHERE status = $1", status)

    async def commits(self) -> int:
        """How many transactions of the whole server have written: each that writes takes a number."""
        return await self.number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")

    async def number(self, query: str, *arguments: object) -> int:
        """The one number that a query gives."""
        async with self.connected() as connection:
            return int(await connection.fetchval(query, *arguments))


class PostgresTable:
    """A log in a table of events as one would write it by hand; each statement is prepared, and commits."""

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection = connection
        self._run_id = run_id
        self._position = 0

    async def commit_times(self, commits: int, *, rows: int = 1, pause: float = 0.0) -> list[float]:
        """The seconds that each of so many commits took, one after another, each after a pause of so many seconds."""
        statement = await self._connection.prepare(INSERT if rows == 1 else INSERT_MANY)
        times: list[float] = []
        for _ in range(commits):
            if pause:
                await asyncio.sleep(pause)
            began = perf_counter()
            await statement.fetch(*self._arguments(rows))
            times.append(perf_counter() - began)
        return times

    async def reuse_log(self) -> None:
        """Nothing: the server makes the files of its log in their full length."""

    async def round_trip_times(self, trips: int) -> list[float]:
        """The seconds that each of so many questions took that need no table."""
        statement = await self._connection.prepare("SELECT 1")
        times: list[float] = []
        for _ in range(trips):
            began = perf_counter()
            await statement.fetchval()
            times.append(perf_counter() - began)
        return times

    def _arguments(self, rows: int) -> tuple[object, ...]:
        first, self._position = self._position, self._position + rows
        data = DATA.encode()
        if rows == 1:
            return self._run_id, first, AT, KIND, data
        places = list(range(first, self._position))
        return [self._run_id] * rows, places, [AT] * rows, [KIND] * rows, [data] * rows
