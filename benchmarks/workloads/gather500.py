"""One run that gathers 500 steps: from its start to its result."""

import asyncio
import statistics
from time import perf_counter

from benchmarks.flows import all_at_once
from benchmarks.model import (
    Figure,
    Limit,
    Measured,
    Place,
    Workload,
    WorldName,
    WrongResultError,
)
from outlast import App

STEPS = 500
LIMIT = Limit(
    "3 commits, 500 rows at 100 a commit, 500 task round trips",
    lambda measured: (
        3 * measured["commit_ms"] / 1e3
        + STEPS / measured["rows_s"]
        + STEPS * measured["task_us"] / 1e6
    ),
)


async def _measure(place: Place) -> Measured:
    async with App(place.url):
        first = await _time()
        times = [await _time() for _ in range(place.pick(10, 4))]
    return {"seconds": statistics.median(times), "first_seconds": first}


async def _time() -> float:
    began = perf_counter()
    result = await all_at_once(STEPS)
    seconds = perf_counter() - began
    if result != sum(range(STEPS)):
        raise WrongResultError(result)
    return seconds


def _workload(name: str, world: WorldName, target: float | None) -> Workload:
    return Workload(
        name=name,
        title="1 run gathering 500 steps",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(key="seconds", what="start to result", unit="s", target=target, limit=LIMIT),
            Figure(
                key="first_seconds", what="the first one in a new process", unit="s", limit=LIMIT
            ),
        ),
    )


GATHER500 = _workload("gather500", "sqlite", 0.08)
PG_GATHER500 = _workload("pg-gather500", "postgres", None)
