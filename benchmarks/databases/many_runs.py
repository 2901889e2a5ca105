"""A table of many runs, made by the database itself: one every 50 ms up to now, most of them completed.

They are of 20 workflows and of three versions, one after the other. All have one attribute, 20 each have another one,
900 are children of one run, and those that sleep wait for a hook.
"""

import sqlite3
from contextlib import closing

from benchmarks.databases.postgres import PostgresDatabase

GAP = 50_000
"""Microseconds between two runs."""

_MADE = """
INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, epoch, worker, nudged, position,
    last_at, recoveries, created_at, started_at, ended_at, parent_id, parent_ref, parent_detached, waiting)
SELECT 'run_' || (1000000000 + n), 'flow' || (n % 20), status, 'v' || (3 * n / ({runs} + 1)), 'default', 0,
    {attributes}, 1, NULL, {false}, 3, at, 0, at, at + 1000,
    CASE WHEN status <> 'suspended' THEN at + 2000000 + n % 1000 END,
    CASE WHEN n BETWEEN 100 AND 999 THEN 'run_1000000007' END, CASE WHEN n BETWEEN 100 AND 999 THEN 'child' END,
    CASE WHEN n BETWEEN 100 AND 999 THEN {false} END, '[]'
FROM (
    SELECT n, {now} - ({runs} - n) * {gap} AS at, CASE WHEN n % 500 = 0 THEN 'failed' WHEN n % 777 = 0 THEN 'cancelled'
        WHEN n % 100 = 1 THEN 'suspended' ELSE 'completed' END AS status
    FROM {numbers}) AS made
"""
_HOOKS = """
INSERT INTO hooks (token, run_id, ref, kind, created_at, data)
SELECT 'token_' || number, id, 'hook#1', 'hook', created_at, '{}' FROM runs WHERE status = 'suspended'
"""


async def fill_postgres(database: PostgresDatabase, runs: int, now: int) -> None:
    """So many runs, in a schema that has none."""
    tenant = '\'{"everywhere": true, "tenant": "t\' || (n % 50000) || \'"}\''
    numbers = f"generate_series(1::bigint, {runs}) AS n"
    made = _made(runs, now, attributes=f"({tenant})::json", false="false", numbers=numbers)
    async with database.connected() as connection:
        await connection.execute(made, timeout=400)
        for name, value in (("everywhere", "true"), ("tenant", "'\"t' || (n.id % 50000) || '\"'")):
            await connection.execute(
                f"INSERT INTO run_attributes (run, name, value) SELECT number, '\"{name}\"', {value} FROM"  # noqa: S608
                " (SELECT number, substring(id FROM 6)::bigint AS id FROM runs) AS n",
                timeout=400,
            )
        await connection.execute(_HOOKS, timeout=100)
        await connection.execute("VACUUM (ANALYZE) runs, run_attributes, hooks", timeout=200)
        await connection.execute("CHECKPOINT", timeout=120)


def fill_sqlite(file: str, runs: int, now: int) -> None:
    """The same, in a file."""
    numbers = f"(WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < {runs}) SELECT n FROM some)"  # noqa: S608
    tenant = '\'{"everywhere":true,"tenant":"t\' || (n % 50000) || \'"}\''
    made = _made(runs, now, attributes=tenant, false="0", numbers=numbers)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute(made)
        for name in ("everywhere", "tenant"):
            connection.execute(
                "INSERT INTO run_attributes (run_id, name, value) SELECT id, ?, attributes -> ? FROM runs",
                (name, name),
            )
        connection.execute(_HOOKS)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _made(runs: int, now: int, **texts: str) -> str:
    return _MADE.format(runs=runs, now=now, gap=GAP, **texts)
