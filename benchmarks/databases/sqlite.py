"""A SQLite file."""

import asyncio
import sqlite3
import statistics
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from secrets import token_hex
from time import perf_counter

from benchmarks.databases.rows import AT, DATA, KIND, RUN_ID
from benchmarks.model import Measured

_PREFIX = "sqlite:///"


class SqliteDatabase:
    """The file of a measurement, and files of bare tables beside it."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._file = url.removeprefix(_PREFIX)

    @asynccontextmanager
    async def bare(self) -> AsyncGenerator["SqliteTable"]:
        """A new table, in a file of its own."""
        file = self._folder / f"bare-{token_hex(4)}.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            yield SqliteTable(connection)

    async def limits(self) -> Measured:
        """Durable commits of one row and of 100 rows.

        A commit into a new write-ahead log makes its file longer, which costs the file system a write
        more; one into a log that is used again does not.
        """
        async with self.bare() as table:
            await table.commit_times(20)
            singles = await table.commit_times(200)
            hundreds = await table.commit_times(50, rows=100)
            await table.reuse_log()
            reused = await table.commit_times(100)
        return {
            "commit_ms": statistics.median(singles) * 1e3,
            "commits_s": len(singles) / sum(singles),
            "reused_ms": statistics.median(reused) * 1e3,
            "rows_s": 100 * len(hundreds) / sum(hundreds),
        }

    async def count_runs(self, status: str) -> int:
        """How many runs of the world have the status."""
        with closing(sqlite3.connect(self._file)) as connection:
            query = "SELECT count(*) FROM runs WHERE status = ?"
            return int(connection.execute(query, (status,)).fetchone()[0])

    async def commits(self) -> int:
        """0: SQLite does not count them."""
        return 0


class SqliteTable:
    """A table of events as one would write it by hand, with the durability of the SQLite world."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._position = 0
        for statement in (
            "PRAGMA journal_mode = wal",
            "PRAGMA synchronous = full",
            "PRAGMA wal_autocheckpoint = 4000",
            "CREATE TABLE events (run_id TEXT, position INTEGER, at INTEGER, kind TEXT, data TEXT)",
            "CREATE UNIQUE INDEX place ON events (run_id, position)",
        ):
            connection.execute(statement)

    async def commit_times(self, commits: int, *, rows: int = 1, pause: float = 0.0) -> list[float]:
        """The seconds that each of so many commits took, one after another, each after a pause of so many seconds."""
        times: list[float] = []
        for _ in range(commits):
            if pause:
                await asyncio.sleep(pause)
            began = perf_counter()
            self._commit(rows)
            times.append(perf_counter() - began)
        return times

    async def reuse_log(self) -> None:
        """From now on commits go over the write-ahead log that there is, which need not grow."""
        self._connection.execute("PRAGMA wal_checkpoint(restart)")

    def _commit(self, rows: int) -> None:
        first, self._position = self._position, self._position + rows
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            [(RUN_ID, first + n, AT, KIND, DATA) for n in range(rows)],
        )
        self._connection.execute("COMMIT")
