"""Ten sequential steps, runs one after another: what a step costs when nothing can be batched."""

import asyncio
import statistics
from time import perf_counter

from benchmarks.flows import one_by_one
from benchmarks.limits import DurableTable
from benchmarks.model import Figure, Limit, Measured, Place, Workload, WrongResultError
from outlast import App

STEPS = 10
BLOCKS = 5
"""Runs and bare commits take turns, so that a noisy moment falls on both."""


async def _measure(place: Place) -> Measured:
    runs: list[float] = []
    commits: list[float] = []
    with DurableTable(place.folder / "beside.db") as table:
        async with App(place.url):
            await _times(5)
            table.commit_times(20)
            for _ in range(BLOCKS):
                runs += await _times(place.pick(20, 6))
                commits += table.commit_times(place.pick(100, 30))
    step_ms = statistics.median(runs) / STEPS * 1e3
    beside_ms = statistics.median(commits) * 1e3
    return {"step_ms": step_ms, "beside_ms": beside_ms, "ratio": step_ms / beside_ms}


async def _times(runs: int) -> list[float]:
    times: list[float] = []
    for _ in range(runs):
        began = perf_counter()
        result = await one_by_one(STEPS)
        times.append(perf_counter() - began)
        if result != sum(range(STEPS)):
            raise WrongResultError(result)
    return times


SEQ10 = Workload(
    name="seq10",
    title="10 sequential steps, runs one after another",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(
            key="step_ms",
            what="a step, start and end of the run included",
            unit="ms",
            target=2,
            per_limit=True,
            limit=Limit(
                "one durable commit, in turns with the runs",
                lambda measured: measured["beside_ms"],
            ),
        ),
    ),
)
