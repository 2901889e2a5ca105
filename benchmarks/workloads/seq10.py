"""Ten sequential steps, runs one after another: what a step costs when nothing can be batched."""

import asyncio
import statistics
from time import perf_counter, process_time

from benchmarks.databases import database_of
from benchmarks.flows import one_by_one
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

STEPS = 10
BLOCKS = 5
"""Runs and bare commits take turns, so that a noisy moment falls on both."""


async def _measure(place: Place) -> Measured:
    runs: list[float] = []
    commits: list[float] = []
    async with database_of(place).bare() as table, App(place.url):
        await _times(5)
        grown = await table.commit_times(150)
        cpu_s = 0.0
        for _ in range(BLOCKS):
            used = process_time()
            runs += await _times(place.pick(20, 6))
            cpu_s += process_time() - used
            await table.reuse_log()
            commits += await table.commit_times(100)
    step_ms = statistics.median(runs) / STEPS * 1e3
    beside_ms = statistics.median(commits) * 1e3
    return {
        "step_ms": step_ms,
        "beside_ms": beside_ms,
        "growing_ms": statistics.median(grown) * 1e3,
        "cpu_ms": cpu_s / len(runs) / STEPS * 1e3,
    }


async def _times(runs: int) -> list[float]:
    times: list[float] = []
    for _ in range(runs):
        began = perf_counter()
        result = await one_by_one(STEPS)
        times.append(perf_counter() - began)
        if result != sum(range(STEPS)):
            raise WrongResultError(result)
    return times


def _step(what: str, limit: str, key: str) -> Figure:
    return Figure(
        key="step_ms",
        what=what,
        unit="ms",
        target=2,
        per_limit=True,
        limit=Limit(limit, lambda measured: measured[key]),
    )


def _workload(name: str, world: WorldName, *figures: Figure) -> Workload:
    return Workload(
        name=name,
        title="10 sequential steps, runs one after another",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            *figures,
            Figure(key="cpu_ms", what="processor time a step, all threads", unit="ms"),
        ),
    )


STEP = "a step, start and end of the run included"
SEQ10 = _workload(
    "seq10",
    "sqlite",
    _step(STEP, "a durable commit into a log that need not grow", "beside_ms"),
    _step("the same", "a durable commit into a log that grows", "growing_ms"),
)
PG_SEQ10 = _workload("pg-seq10", "postgres", _step(STEP, "a durable commit", "beside_ms"))
