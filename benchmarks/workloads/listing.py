"""Looking at a table of a million runs: the pages of a list, the counts, the chart, one run, how a workflow went.

The runs are made by the server, one every 50 ms: most of them completed, of 20 workflows and three versions.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from outlast import App, RunStatus
from outlast._api.inspecting import overview, run_tree, workflow_stats

GAP = 50_000
"""Microseconds between two runs."""
MADE = """
INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, epoch, worker, nudged, position,
    last_at, recoveries, created_at, started_at, ended_at, waiting)
SELECT 'run_' || lpad(n::text, 9, '0'), 'flow' || n % 20, status, 'v' || 3 * n / ($1 + 1), 'default', 0,
    ('{"tenant": "t' || n % 50000 || '"}')::json, 1, NULL, false, 3, at, 0, at, at + 1000,
    CASE WHEN status <> 'suspended' THEN at + 2000000 + n % 1000 END, '[]'
FROM (
    SELECT n, $2 - ($1 - n) * $3 AS at, CASE WHEN n % 500 = 0 THEN 'failed' WHEN n % 777 = 0 THEN 'cancelled'
        WHEN n % 100 = 1 THEN 'suspended' ELSE 'completed' END AS status
    FROM generate_series(1::bigint, $1::bigint) AS n) AS made (n, at, status);
"""
ATTRIBUTES = """
INSERT INTO run_attributes (run, name, value)
SELECT number, '"tenant"', '"t' || substring(id FROM 5)::bigint % 50000 || '"' FROM runs
"""


async def _measure(place: Place) -> Measured:
    runs, times = place.pick(1_000_000, 100_000), place.pick(50, 10)
    database = PostgresDatabase(place.url)
    async with App(place.url, worker=False) as app:
        await _fill(database, runs, app.runtime.clock.now())
        measured = {name: await _median(look, times) for name, look in _looks(app).items()}
        failed = (await app.list_runs(status="failed", limit=100)).runs
        if len(failed) != 100 or any(run.status is not RunStatus.FAILED for run in failed):
            raise WrongResultError("failed runs", len(failed))
    return {**measured, "worst_ms": max(measured.values())}


async def _fill(database: PostgresDatabase, runs: int, now: int) -> None:
    async with database.connected() as connection:
        await connection.execute(MADE, runs, now, GAP, timeout=400)
        await connection.execute(ATTRIBUTES, timeout=400)
        await connection.execute("VACUUM (ANALYZE) runs, run_attributes", timeout=200)
        await connection.execute("CHECKPOINT", timeout=120)


def _looks(app: App) -> dict[str, Callable[[], Awaitable[object]]]:
    """What a page asks, by the figure's key."""
    week = datetime.now(UTC) - timedelta(days=7)

    async def deep() -> object:
        page = await app.list_runs(limit=1_000)
        return await app.list_runs(limit=100, cursor=page.cursor)

    return {
        "first_ms": app.list_runs,
        "oldest_ms": lambda: app.list_runs(sort="created"),
        "ended_ms": lambda: app.list_runs(sort="-ended", status="failed"),
        "status_ms": lambda: app.list_runs(status=["failed", "suspended"]),
        "workflow_ms": lambda: app.list_runs(workflow="flow7"),
        "both_ms": lambda: app.list_runs(workflow="flow10", status="failed"),
        "attribute_ms": lambda: app.list_runs(attributes={"tenant": "t7"}),
        "version_ms": lambda: app.list_runs(version="v2"),
        "unknown_ms": lambda: app.list_runs(workflow="nobody"),
        "show_ms": app.get_run("run_000000007").info,
        "tree_ms": lambda: run_tree(app.runtime, "run_000000007"),
        "overview_ms": lambda: overview(app.runtime, week),
        "stats_ms": lambda: workflow_stats(app.runtime, "flow7"),
        "old_version_ms": lambda: app.list_runs(version="v0"),
        "text_ms": lambda: app.list_runs(text="nothing has this"),
        "deep_ms": deep,
    }


async def _median(look: Callable[[], Awaitable[object]], times: int) -> float:
    """Milliseconds, once warm."""
    taken: list[float] = []
    for number in range(times + 2):
        began = perf_counter()
        await look()
        if number >= 2:
            taken.append((perf_counter() - began) * 1e3)
    return statistics.median(taken)


def _figure(key: str, what: str, target: float | None = 50) -> Figure:
    return Figure(key=key, what=what, unit="ms", target=target)


PG_LIST1M = Workload(
    name="pg-list1m",
    title="looking at 1,000,000 runs, pages of 100",
    world="postgres",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        _figure("first_ms", "the newest"),
        _figure("oldest_ms", "the oldest"),
        _figure("ended_ms", "the failed, by their end"),
        _figure("status_ms", "of two statuses"),
        _figure("workflow_ms", "of one workflow"),
        _figure("both_ms", "of one workflow and status"),
        _figure("attribute_ms", "of one attribute"),
        _figure("version_ms", "of the newest version"),
        _figure("old_version_ms", "of the oldest of three versions", None),
        _figure("unknown_ms", "of a workflow that has none"),
        _figure("text_ms", "a text that nothing has: 5,000 runs are looked at", None),
        _figure("deep_ms", "1,000 runs, and the page after them"),
        _figure("show_ms", "one run"),
        _figure("tree_ms", "its family"),
        _figure("overview_ms", "counts by status, and a chart of a week", None),
        _figure("stats_ms", "how a workflow went", None),
        _figure("worst_ms", "the slowest of these", None),
    ),
    bound=600,
)
