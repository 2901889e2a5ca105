"""Worlds with many runs, made by statements of the database: mostly completed, of 20 workflows and three versions."""

import sqlite3
from contextlib import closing
from typing import Final

from benchmarks.databases.postgres import PostgresDatabase

GAP: Final = 50_000
"""Microseconds between two runs."""
_STATUS: Final = """CASE WHEN n % 500 = 0 THEN 'failed' WHEN n % 777 = 0 THEN 'cancelled'
    WHEN n % 100 = 1 THEN 'suspended' ELSE 'completed' END"""
_COLUMNS: Final = """id, workflow, status, version, queue, priority, attributes, epoch, position, last_at, recoveries,
    created_at, started_at, ended_at"""
_ENDED: Final = "CASE WHEN status <> 'suspended' THEN at + 2000000 + n % 1000 END"

SQLITE: Final = f"""
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :runs),
made AS (SELECT n, :now - (:runs - n) * {GAP} AS at, {_STATUS} AS status FROM number)
INSERT INTO runs ({_COLUMNS})
SELECT printf('run_%09d', n), 'flow' || (n % 20), status, 'v' || (3 * n / (:runs + 1)), 'default', 0,
    json_object('tenant', 't' || (n % 5000)), 1, 3, at, 0, at, at + 1000, {_ENDED}
FROM made
"""  # noqa: S608 - all of it is written here
SQLITE_ATTRIBUTES: Final = """
INSERT INTO run_attributes (run_id, name, value) SELECT id, 'tenant', attributes -> 'tenant' FROM runs
"""
POSTGRES: Final = f"""
INSERT INTO runs ({_COLUMNS}, nudged, waiting)
SELECT 'run_' || lpad(n::text, 9, '0'), 'flow' || n % 20, status, 'v' || 3 * n / ($1 + 1), 'default', 0,
    ('{{"tenant": "t' || n % 5000 || '"}}')::json, 1, 3, at, 0, at, at + 1000, {_ENDED}, false, '[]'
FROM (SELECT n, $2 - ($1 - n) * {GAP} AS at, {_STATUS} AS status
    FROM generate_series(1::bigint, $1::bigint) AS n) AS made
"""  # noqa: S608 - all of it is written here
POSTGRES_ATTRIBUTES: Final = """
INSERT INTO run_attributes (run, name, value)
SELECT number, '"tenant"', '"t' || substring(id FROM 5)::bigint % 5000 || '"' FROM runs
"""


async def fill(url: str, runs: int, now: int) -> None:
    """Make so many runs in a world that has its tables, the last of them at `now`, in microseconds."""
    if url.startswith("sqlite:///"):
        _fill_sqlite(url.removeprefix("sqlite:///"), runs, now)
        return
    async with PostgresDatabase(url).connected() as connection:
        await connection.execute(POSTGRES, runs, now, timeout=200)
        await connection.execute(POSTGRES_ATTRIBUTES, timeout=200)
        await connection.execute("VACUUM (ANALYZE) runs, run_attributes", timeout=200)


def _fill_sqlite(file: str, runs: int, now: int) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(SQLITE, {"runs": runs, "now": now})
        connection.execute(SQLITE_ATTRIBUTES)
