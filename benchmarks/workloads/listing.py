"""Looking at a table of a million runs: the pages of a list, the counts, the chart, one run, how a workflow went."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from benchmarks.databases.many_runs import fill_postgres, fill_sqlite
from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from outlast import App, RunStatus
from outlast._api.inspecting import overview, run_tree, workflow_stats

RUN = "run_1000000007"


async def _measure(place: Place) -> Measured:
    runs, times = place.pick(1_000_000, 100_000), place.pick(50, 10)
    async with App(place.url, worker=False) as app:
        now = app.runtime.clock.now()
        if place.url.startswith("sqlite:"):
            fill_sqlite(place.url.removeprefix("sqlite:///"), runs, now)
        else:
            await fill_postgres(PostgresDatabase(place.url), runs, now)
        deep = (await app.list_runs(limit=1_000)).cursor
        looks = _looks(app, deep or "")
        measured = {name: await _median(look, times) for name, look in looks.items()}
        failed = (await app.list_runs(status="failed", limit=100)).runs
        if len(failed) != 100 or any(run.status is not RunStatus.FAILED for run in failed):
            raise WrongResultError("failed runs", len(failed))
    return {**measured, "worst_ms": max(measured.values())}


def _looks(app: App, deep: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """What a page asks, by the figure's key."""
    now = datetime.now(UTC)
    hour, later = now - timedelta(hours=1), now - timedelta(minutes=55)
    return {
        "first_ms": app.list_runs,
        "oldest_ms": lambda: app.list_runs(sort="created"),
        "deep_ms": lambda: app.list_runs(cursor=deep),
        "status_ms": lambda: app.list_runs(status=["failed", "suspended"]),
        "workflow_ms": lambda: app.list_runs(workflow="flow7"),
        "unknown_ms": lambda: app.list_runs(workflow="nobody"),
        "version_ms": lambda: app.list_runs(version="v0"),
        "parent_ms": lambda: app.list_runs(parent=RUN),
        "attribute_ms": lambda: app.list_runs(attributes={"tenant": "t7"}),
        "window_ms": lambda: app.list_runs(created_from=hour, created_to=later),
        "ended_ms": lambda: app.list_runs(sort="-ended", status="failed"),
        "both_ms": lambda: app.list_runs(workflow="flow10", status="failed"),
        "attributes_ms": lambda: app.list_runs(attributes={"everywhere": True, "tenant": "t7"}),
        "old_failed_ms": lambda: app.list_runs(version="v0", status="completed", workflow="flow7"),
        "old_ended_ms": lambda: app.list_runs(version="v0", sort="-ended"),
        "window_ended_ms": lambda: app.list_runs(created_from=hour, created_to=later, sort="ended"),
        "nowhere_ms": lambda: app.list_runs(
            attributes={"everywhere": True}, version="v0", status="completed"
        ),
        "text_ms": lambda: app.list_runs(text="nothing has this"),
        "show_ms": app.get_run(RUN).info,
        "tree_ms": lambda: run_tree(app.runtime, RUN),
        "overview_ms": lambda: overview(app.runtime),
        "stats_ms": lambda: workflow_stats(app.runtime, "flow7"),
        "hooks_ms": app.list_hooks,
        "workers_ms": app.workers,
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


FIGURES = (
    _figure("first_ms", "the newest"),
    _figure("oldest_ms", "the oldest"),
    _figure("deep_ms", "the page after 1,000 runs"),
    _figure("status_ms", "of two statuses"),
    _figure("workflow_ms", "of one workflow"),
    _figure("unknown_ms", "of a workflow that has none"),
    _figure("version_ms", "of the oldest of three versions"),
    _figure("parent_ms", "the children of one run"),
    _figure("attribute_ms", "of an attribute that 20 have"),
    _figure("window_ms", "of five minutes"),
    _figure("ended_ms", "the failed, by their end"),
    _figure("both_ms", "of one workflow and status"),
    _figure("attributes_ms", "of an attribute that all have, and one that 20 have"),
    _figure("old_failed_ms", "of an old version, a workflow and a status"),
    _figure("old_ended_ms", "of an old version, by their end: 5,000 runs are looked at"),
    _figure("window_ended_ms", "of five minutes, by their end"),
    _figure("nowhere_ms", "of an attribute that all have, an old version and a status"),
    _figure("text_ms", "a text that nothing has: 5,000 runs are looked at"),
    _figure("show_ms", "one run"),
    _figure("tree_ms", "its family: 500 of 900"),
    _figure("overview_ms", "counts by status, and a chart of a day"),
    _figure("stats_ms", "how a workflow went"),
    _figure("hooks_ms", "hooks"),
    _figure("workers_ms", "workers"),
    _figure("worst_ms", "the slowest of these"),
)


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="looking at 1,000,000 runs, pages of 100",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=FIGURES,
        bound=600,
    )


LIST1M = _workload("list1m", "sqlite")
PG_LIST1M = _workload("pg-list1m", "postgres")
