"""One run of very many sequential steps: its cost must grow with their number, not with its square."""

import asyncio
from time import perf_counter, process_time

from benchmarks.flows import STEP_TIMES, one_by_one
from benchmarks.limits import COMMITS_S
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from outlast import App

ENDS = 100


async def _measure(steps: int, place: Place) -> Measured:
    steps = place.pick(steps, steps // 5)
    async with App(place.url):
        await one_by_one(50)
        STEP_TIMES.clear()
        used, began = process_time(), perf_counter()
        result = await one_by_one(steps)
        seconds, cpu_s = perf_counter() - began, process_time() - used
    if result != sum(range(steps)) or len(STEP_TIMES) != steps:
        raise WrongResultError(result, len(STEP_TIMES))
    times, half = STEP_TIMES, steps // 2
    return {
        "steps_s": steps / seconds,
        "cpu_us": cpu_s / steps * 1e6,
        "last_by_first": (times[-1] - times[-1 - ENDS]) / (times[ENDS] - times[0]),
        "halves": (times[-1] - times[half]) / (times[half - 1] - times[0]),
    }


def _workload(
    name: str, world: WorldName, steps: int, *, target: float | None, bound: float
) -> Workload:
    return Workload(
        name=name,
        title=f"1 run x {steps:,} sequential steps",
        world=world,
        measure=lambda place: asyncio.run(_measure(steps, place)),
        figures=(
            Figure(
                key="steps_s",
                what="steps",
                unit="1/s",
                better="more",
                target=target,
                limit=COMMITS_S,
            ),
            Figure(key="cpu_us", what="processor time a step, all threads", unit="us"),
            Figure(
                key="last_by_first",
                what="time of the last 100 steps by that of the first 100",
                unit="x",
                target=1.15,
            ),
            Figure(
                key="halves",
                what="time of the second half by that of the first",
                unit="x",
                target=1.15,
            ),
        ),
        bound=bound,
    )


LONG2K = _workload("long2k", "sqlite", 2_000, target=1_500, bound=60)
LONG20K = _workload("long20k", "sqlite", 20_000, target=1_500, bound=240)
PG_LONG2K = _workload("pg-long2k", "postgres", 2_000, target=None, bound=60)
