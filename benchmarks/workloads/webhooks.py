"""The outside answers: how soon a suspended run goes on, and how many requests a second are taken."""

import asyncio
import statistics
import time
from urllib.parse import urlsplit

from benchmarks.databases import database_of
from benchmarks.flows import called_back
from benchmarks.model import Figure, Limit, Measured, Place, Workload, WorldName, WrongResultError
from benchmarks.posting import connections, post_all
from benchmarks.serving import ServingProcess
from outlast import App, Run, RunStatus, list_runs, start

PATH = "/.well-known/workflow/v1/webhook/"
LINES = 32
"""Connections of those who send many requests."""
PAUSE = 0.03
"""Seconds from an answer to the next request: the run ends meanwhile, and nothing else is under way."""
PACE = 0.036
"""Seconds from one request to the next."""


async def _measure(place: Place) -> Measured:
    one_by_one, at_once = place.pick(100, 10), place.pick(2_000, 50)
    async with database_of(place).bare() as table:
        await table.commit_times(20)
        paced = await table.commit_times(one_by_one, pause=PACE)
    with ServingProcess(place, http=True) as server:
        parts = urlsplit(server.url())
        assert parts.hostname is not None
        assert parts.port is not None
        async with (
            App(place.url, worker=False) as app,
            connections(parts.hostname, parts.port, LINES) as lines,
        ):
            runs, paths = await _suspended(app, one_by_one)
            for number, path in enumerate(paths):
                await lines[0].post(path, number)
                await asyncio.sleep(PAUSE)
            lags = await _lags(runs)
            runs, paths = await _suspended(app, at_once)
            used, began = server.cpu_s(), time.perf_counter()
            taken = await post_all(lines, paths)
            await _lags(runs)
            ended = time.perf_counter() - began
            used = server.cpu_s() - used
    p50_ms = lags[len(lags) // 2] * 1e3
    return {
        "paced_ms": statistics.median(paced) * 1e3,
        "at_pace_ms": p50_ms,
        "p50_ms": p50_ms,
        "p90_ms": lags[int(len(lags) * 0.9)] * 1e3,
        "webhooks_s": at_once / taken,
        "runs_s": at_once / ended,
        "cpu_us": used / at_once * 1e6,
    }


async def _suspended(app: App, count: int) -> tuple[list[Run[tuple[int, float]]], list[str]]:
    """So many runs that have left memory, and the paths of their webhooks."""
    runs = await asyncio.gather(*[start(called_back()) for _ in range(count)])
    async with asyncio.timeout(60):
        while (await list_runs(status=(RunStatus.PENDING, RunStatus.RUNNING), limit=1)).runs:
            await asyncio.sleep(0.1)
    page = await app.list_hooks(limit=1_000)
    hooks = list(page.hooks)
    while page.cursor is not None:
        page = await app.list_hooks(limit=1_000, cursor=page.cursor)
        hooks += page.hooks
    return runs, [PATH + hook.token for hook in hooks]


async def _lags(runs: list[Run[tuple[int, float]]]) -> list[float]:
    """What the runs give. Each must have got one request, and another one than the others."""
    results = await asyncio.gather(*[run.result() for run in runs])
    if sorted(number for number, _ in results) != list(range(len(runs))):
        raise WrongResultError("requests were lost, or came twice")
    return sorted(lag for _, lag in results)


def _median(key: str, what: str, limit: str, of: str) -> Figure:
    return Figure(
        key=key,
        what=what,
        unit="ms",
        target=5,
        per_limit=True,
        limit=Limit(limit, lambda measured: measured[of]),
    )


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="webhooks over HTTP to suspended runs",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            _median(
                "at_pace_ms",
                "request to the first line of the next step, median",
                "a durable commit at the same pace, one every 36 ms",
                "paced_ms",
            ),
            _median(
                "p50_ms", "the same", "a durable commit, one right after the other", "commit_ms"
            ),
            Figure(key="p90_ms", what="the same, 9 of 10", unit="ms"),
            Figure(
                key="webhooks_s",
                what="accepted, 2,000 over 2,000 runs, none lost",
                unit="1/s",
                better="more",
                target=2_000,
            ),
            Figure(key="runs_s", what="the same, to the last result", unit="1/s", better="more"),
            Figure(key="cpu_us", what="processor time of the server, request to result", unit="us"),
        ),
    )


WEBHOOKS = _workload("webhooks", "sqlite")
PG_WEBHOOKS = _workload("pg-webhooks", "postgres")
