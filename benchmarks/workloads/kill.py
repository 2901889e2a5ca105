"""SIGKILL amid 200 runs of 20 steps, then a restart: nothing is lost, and almost nothing is repeated.

Each attempt writes a line into a witness file before it works; the log says what was recorded.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.model import (
    Figure,
    Limit,
    Measured,
    Place,
    Workload,
    WorldName,
    WrongResultError,
)
from benchmarks.witnessing import RUN_ID, STEPS
from outlast import App

RUNS = 200
WITNESS = "witness.txt"


def _measure(place: Place) -> Measured:
    runs = place.pick(RUNS, 40)
    witness = place.folder / WITNESS
    first = _worker(place, runs)
    try:
        _wait_for_lines(witness, runs * STEPS // 2)
    finally:
        first.kill()
        first.wait()
    begun, recorded = _lines(witness), _recorded(place, runs)
    restarted_at = time.time()
    second = _worker(place, runs)
    try:
        code = second.wait(timeout=60)
    finally:
        second.kill()
    everything = _lines(witness)
    resumed = [at for at, _ in everything[len(begun) :]]
    again = Counter(step for _, step in everything)
    repeated = {step for step, times in again.items() if times > 1}
    in_flight = {step for _, step in begun} - recorded
    if code or len(again) != runs * STEPS or not repeated <= in_flight or max(again.values()) > 2:
        raise WrongResultError(code, len(again), len(repeated - in_flight), max(again.values()))
    if _recorded(place, runs) != set(again):
        raise WrongResultError("what was done is not what was recorded")
    return {
        "first_resumed_s": min(resumed) - restarted_at,
        "all_over_s": max(resumed) - restarted_at,
        "repeated": len(repeated),
        "in_flight": len(in_flight),
        "start_python_s": _bare_start(),
    }


def _worker(place: Place, runs: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "benchmarks.witnessing", place.url, str(runs)]
    return subprocess.Popen([*command, str(place.folder / WITNESS)])


def _wait_for_lines(witness: Path, lines: int) -> None:
    for _ in range(6_000):
        if witness.exists() and len(_lines(witness)) >= lines:
            return
        time.sleep(0.005)
    raise WrongResultError("the first worker does not get half way")


def _lines(witness: Path) -> list[tuple[float, str]]:
    return [_line(line) for line in witness.read_text().splitlines()]


def _line(line: str) -> tuple[float, str]:
    at, _, step = line.partition(" ")
    return float(at), step


def _recorded(place: Place, runs: int) -> set[str]:
    """The steps of which an outcome is recorded. Raises if one has two."""
    return asyncio.run(_read_recorded(place.url, runs))


async def _read_recorded(url: str, runs: int) -> set[str]:
    async with App(url, worker=False) as app:
        ids = [RUN_ID.format(n) for n in range(runs)]
        logs = [await app.get_run(run_id).events() for run_id in ids]
    return _once(
        f"{run_id}/{event.data['id']}"
        for run_id, log in zip(ids, logs, strict=True)
        for event in log
        if event.kind == "step_completed"
    )


def _once(steps: Iterable[str]) -> set[str]:
    counted = Counter(steps)
    if any(times > 1 for times in counted.values()):
        raise WrongResultError("a step was recorded twice")
    return set(counted)


def _bare_start() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio, sqlite3"], check=True)
    return time.perf_counter() - began


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="SIGKILL amid 200 runs x 20 steps of 20 ms, restart",
        world=world,
        measure=_measure,
        figures=(
            Figure(
                key="first_resumed_s",
                what="restart to the first resumed step",
                unit="s",
                target=1,
                limit=Limit("a bare start of Python", lambda measured: measured["start_python_s"]),
            ),
            Figure(key="all_over_s", what="restart to the last step", unit="s"),
            Figure(
                key="repeated",
                what="steps that were done twice",
                unit="",
                target=1,
                per_limit=True,
                limit=Limit("steps in flight at the kill", lambda measured: measured["in_flight"]),
            ),
        ),
    )


KILL200 = _workload("kill200", "sqlite")
PG_KILL200 = _workload("pg-kill200", "postgres")
