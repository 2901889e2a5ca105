"""The limits of the machine, with nothing of the library: what SQLite commits, what asyncio switches."""

import asyncio
import sqlite3
import statistics
from pathlib import Path
from time import perf_counter

from benchmarks.model import Limit, Measured

EVENT = '{"kind":"step_completed","id":"work#1","name":"work","digest":"3abf9f66af5e19ba","attempt":1,"started_at":1795397131909902,"result":{"n":1,"ok":true},"line":"flow.py:16"}'
"""The size of a usual event."""

COMMIT_MS = Limit("one durable commit", lambda measured: measured["commit_ms"])
COMMITS_S = Limit("durable commits one by one", lambda measured: measured["commits_s"])
ROWS_S = Limit("durable rows, 100 a commit", lambda measured: measured["rows_s"])


def measure_limits(folder: Path) -> Measured:
    """Durable commits of one row and of 100 rows, and a round trip through an asyncio task.

    A commit into a new write-ahead log makes its file longer, which costs the file system a write
    more; one into a log that is used again does not.
    """
    with DurableTable(folder / "limits.db") as table:
        table.commit_times(20)
        singles = table.commit_times(200)
        hundreds = table.commit_times(50, rows=100)
        table.reuse_log()
        reused = table.commit_times(100)
    return {
        "commit_ms": statistics.median(singles) * 1e3,
        "commits_s": len(singles) / sum(singles),
        "reused_ms": statistics.median(reused) * 1e3,
        "rows_s": 100 * len(hundreds) / sum(hundreds),
        "task_us": asyncio.run(_task_round_trip()) * 1e6,
    }


class DurableTable:
    """A table of events as one would write it by hand, with the durability of the SQLite world."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = wal")
        self._connection.execute("PRAGMA synchronous = full")
        self._connection.execute("PRAGMA wal_autocheckpoint = 4000")
        self._connection.execute(
            "CREATE TABLE events (run_id TEXT, position INTEGER, at INTEGER, kind TEXT, data TEXT)"
        )
        self._connection.execute("CREATE UNIQUE INDEX place ON events (run_id, position)")
        self._position = 0

    def __enter__(self) -> "DurableTable":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def commit_times(self, commits: int, *, rows: int = 1) -> list[float]:
        """The seconds that each of so many commits took."""
        times: list[float] = []
        for _ in range(commits):
            began = perf_counter()
            self._commit(rows)
            times.append(perf_counter() - began)
        return times

    def reuse_log(self) -> None:
        """From now on commits go over the write-ahead log that there is, which need not grow."""
        self._connection.execute("PRAGMA wal_checkpoint(restart)")

    def _commit(self, rows: int) -> None:
        first, self._position = self._position, self._position + rows
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            [
                (
                    "run_01k9x5cq9q6v3m8y2t4w7r0d1e",
                    first + n,
                    1795397131909902,
                    "step_completed",
                    EVENT,
                )
                for n in range(rows)
            ],
        )
        self._connection.execute("COMMIT")


async def _task_round_trip() -> float:
    loop = asyncio.get_running_loop()
    rounds = 20_000
    began = perf_counter()
    for _ in range(rounds):
        await loop.create_task(_nothing())
    return (perf_counter() - began) / rounds


async def _nothing() -> None:
    pass
