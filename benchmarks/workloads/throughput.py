"""A thousand runs of five steps as fast as possible: what a worker can do when all can be batched.

Twice: in an app of one's own, and with the interpreter as a worker process (`outlast worker`) sets it.
"""

import asyncio
from time import perf_counter, process_time

from benchmarks.databases import database_of
from benchmarks.flows import one_by_one
from benchmarks.limits import ROWS_S
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from outlast import App, start
from outlast._worker.interpreter import tune_interpreter

STEPS = 5
COMMITS_A_STEP = Figure(
    key="commits_a_step", what="transactions that write, a step", unit="", target=0.02
)


async def _measure(place: Place) -> Measured:
    runs, database = place.pick(1_000, 200), database_of(place)
    async with App(place.url):
        await one_by_one(STEPS)
        app_steps_s = (await _times(runs))["steps_s"]
        tune_interpreter()
        commits = await database.commits()
        measured = await _times(runs)
        commits = await database.commits() - commits
    return {
        **measured,
        "app_steps_s": app_steps_s,
        "commits_a_step": commits / (runs * STEPS),
    }


async def _times(runs: int) -> Measured:
    used, began = process_time(), perf_counter()
    started = await asyncio.gather(*[start(one_by_one(STEPS)) for _ in range(runs)])
    all_started = perf_counter()
    results = await asyncio.gather(*[run.result() for run in started])
    seconds, cpu_s = perf_counter() - began, process_time() - used
    if results != [sum(range(STEPS))] * runs:
        raise WrongResultError(results)
    return {
        "steps_s": runs * STEPS / seconds,
        "seconds": seconds,
        "cpu_us": cpu_s / (runs * STEPS) * 1e6,
        "starts_s": runs / (all_started - began),
    }


def _workload(name: str, world: WorldName, target: float, *figures: Figure) -> Workload:
    return Workload(
        name=name,
        title="1,000 runs x 5 steps, start to last result",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(
                key="steps_s", what="steps", unit="1/s", better="more", target=target, limit=ROWS_S
            ),
            Figure(
                key="app_steps_s",
                what="steps, the interpreter as Python sets it",
                unit="1/s",
                better="more",
            ),
            *figures,
            Figure(key="cpu_us", what="processor time a step, all threads", unit="us"),
            Figure(key="starts_s", what="runs started meanwhile", unit="1/s", better="more"),
        ),
    )


THROUGHPUT = _workload("throughput", "sqlite", 12_000)
PG_THROUGHPUT = _workload("pg-throughput", "postgres", 10_000, COMMITS_A_STEP)
