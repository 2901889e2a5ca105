"""A hundred thousand runs asleep: rows, not memory. Then all of them wake within one minute.

The workers are processes of their own; this one starts the runs, without a worker, and watches.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice

from benchmarks.databases import Database, database_of
from benchmarks.flows import sleeper
from benchmarks.limits import ROWS_S
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App, start

STARTED_AT_ONCE = 1_000
MIB = 1024 * 1024


async def _measure(place: Place, processes: int) -> Measured:
    runs, database = place.pick(100_000, 5_000), database_of(place)
    # Until then all must be asleep: a thousand a second, and some time to see that they are.
    wake_from = datetime.now(UTC) + timedelta(seconds=place.pick(runs // 800 + 20, 15))
    spread = place.pick(60, 3)
    with ExitStack() as stack:
        workers = [stack.enter_context(ServingProcess(place)) for _ in range(processes)]
        async with App(place.url, worker=False):
            await _warm_up()
            idle = [worker.memory() for worker in workers]
            began = time.perf_counter()
            await _start(runs, wake_from, spread)
            starts_s = runs / (time.perf_counter() - began)
            asleep = await _until(database, "suspended", runs, wake_from)
            asleep_s = runs / (time.perf_counter() - began)
            await asyncio.sleep(2)
            above = _most_above(idle, [worker.memory() for worker in workers])
            last = wake_from + timedelta(seconds=spread + 120)
            completed = await _until(database, "completed", runs + 1, last)
            peak = _most_above(idle, [worker.peak() for worker in workers])
            lags = [lag for worker in workers for lag in worker.lags()]
    if completed != runs + 1 or len(lags) != runs + 1 or min(lags) < 0:
        raise WrongResultError(completed, len(lags), min(lags, default=0))
    if asleep < runs:
        raise WrongResultError("so many were asleep when the first had to wake", asleep)
    cuts = statistics.quantiles(lags, n=100)
    return {
        "above_mib": above,
        "peak_mib": peak,
        "starts_s": starts_s,
        "asleep_s": asleep_s,
        "lag_p50": cuts[49],
        "lag_p99": cuts[98],
        "lag_max": max(lags),
    }


async def _warm_up() -> None:
    await sleeper(datetime.now(UTC) + timedelta(seconds=1.5))


async def _start(runs: int, wake_from: datetime, spread: int) -> None:
    calls = (sleeper(wake_from + timedelta(seconds=spread * n / runs)) for n in range(runs))
    while some := list(islice(calls, STARTED_AT_ONCE)):
        await asyncio.gather(*[start(call) for call in some])


async def _until(database: Database, status: str, runs: int, last: datetime) -> int:
    """Look until so many runs have the status, at the latest until then; how many have it."""
    while True:
        found = await database.count_runs(status)
        if found >= runs or datetime.now(UTC) >= last:
            return found
        await asyncio.sleep(0.25)


def _most_above(before: Sequence[float], now: Sequence[float]) -> float:
    """How much that worker grew by that grew most, in MiB."""
    return max(after - idle for idle, after in zip(before, now, strict=True)) / MIB


def _workload(name: str, world: WorldName, processes: int, *, worker: str, title: str) -> Workload:
    return Workload(
        name=name,
        title=title,
        world=world,
        measure=lambda place: asyncio.run(_measure(place, processes)),
        figures=(
            Figure(
                key="above_mib",
                what=f"memory of {worker} above its idle, all asleep",
                unit="MiB",
                target=20,
            ),
            Figure(key="peak_mib", what="the same at its highest, to the end", unit="MiB"),
            Figure(key="starts_s", what="starts", unit="1/s", better="more", limit=ROWS_S),
            Figure(
                key="asleep_s",
                what="runs from start to asleep",
                unit="1/s",
                better="more",
                limit=ROWS_S,
            ),
            Figure(key="lag_p50", what="how late they go on, median", unit="s"),
            Figure(key="lag_p99", what="how late, 99 of 100", unit="s"),
            Figure(key="lag_max", what="how late, the last", unit="s"),
        ),
        bound=600,
    )


ASLEEP100K = _workload(
    "asleep100k",
    "sqlite",
    1,
    worker="the worker",
    title="100,000 runs asleep, then all awake within one minute",
)
PG_ASLEEP100K = _workload(
    "pg-asleep100k",
    "postgres",
    2,
    worker="that of 2 workers which grew most,",
    title="100,000 runs asleep, then all awake within one minute, 2 workers",
)
