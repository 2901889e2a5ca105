"""A hundred thousand runs asleep: rows, not memory. Then all of them wake within one minute.

The worker is a process of its own; this one starts the runs, without a worker, and watches.
"""

import asyncio
import sqlite3
import statistics
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks.flows import sleeper
from benchmarks.limits import ROWS_S
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App, start

STARTED_AT_ONCE = 1_000
MIB = 1024 * 1024


async def _measure(place: Place) -> Measured:
    runs = place.pick(100_000, 5_000)
    # Until then all must be asleep: a thousand a second, and some time to see that they are.
    wake_from = datetime.now(UTC) + timedelta(seconds=place.pick(runs // 800 + 20, 15))
    spread = place.pick(60, 3)
    with ServingProcess(place) as worker:
        async with App(place.url, worker=False):
            await _warm_up()
            idle = worker.ask("memory")
            began = time.perf_counter()
            await _start(runs, wake_from, spread)
            starts_s = runs / (time.perf_counter() - began)
            asleep = _until(place.database, "suspended", runs, wake_from)
            asleep_s = runs / (time.perf_counter() - began)
            worker.ask("memory")
            time.sleep(2)
            above = (worker.ask("memory") - idle) / MIB
            last = wake_from + timedelta(seconds=spread + 120)
            completed = _until(place.database, "completed", runs + 1, last)
            peak = (worker.ask("peak") - idle) / MIB
            lags = worker.numbers("lags")[1:]
    if completed != runs + 1 or len(lags) != runs or min(lags) < 0:
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


def _until(database: Path, status: str, runs: int, last: datetime) -> int:
    """Look until so many runs have the status, at the latest until then; how many have it."""
    connection = sqlite3.connect(database)
    query = "SELECT count(*) FROM runs WHERE status = ?"
    while True:
        (found,) = connection.execute(query, (status,)).fetchone()
        if found >= runs or datetime.now(UTC) >= last:
            connection.close()
            return int(found)
        time.sleep(0.25)


ASLEEP100K = Workload(
    name="asleep100k",
    title="100,000 runs asleep, then all awake within one minute",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(
            key="above_mib",
            what="memory of the worker above its idle, all asleep",
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
