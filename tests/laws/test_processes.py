"""Real processes on one SQLite file, killed with SIGKILL."""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from outlast import App, Run, RunStatus
from outlast._codec import decode_event
from outlast._model.events import StepCompleted, StepFailed
from outlast.errors import RecoveryLimitError
from tests.house.checkout import ROOT
from tests.laws.programs.flows import WITNESS, harvest, kills_its_worker, one_slow

ROWS, PLACES = 30, 5
AT_ONCE = 10.0
"""Seconds in which a death is noticed, and its runs go on: well below the lease of 30."""


class Worker:
    """A worker process, and what it tells."""

    def __init__(self, folder: Path, *queues: str, recovery_limit: int = 2) -> None:
        self._folder, self._queues, self._recovery_limit = folder, queues, recovery_limit
        self._process: asyncio.subprocess.Process | None = None
        self.told: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.laws.programs.worker",
            url_of(self._folder),
            *self._queues,
            cwd=ROOT,
            env={
                **os.environ,
                WITNESS: str(self._folder / "witness"),
                "OUTLAST_RECOVERY_LIMIT": str(self._recovery_limit),
            },
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def tells(self, text: str, times: int = 1) -> None:
        """Read on until it has told so often a line that begins with the text."""
        assert self._process is not None
        assert self._process.stdout is not None
        while sum(line.startswith(text) for line in self.told) < times:
            line = await self._process.stdout.readline()
            assert line, ("the worker is dead", self.told)
            self.told.append(line.decode().strip())

    async def kill(self) -> None:
        """Kill it; return when it is dead. Idempotent."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    async def dies(self) -> int:
        """Wait for its death; gives the return code."""
        assert self._process is not None
        await self._process.communicate()
        return await self._process.wait()


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/runs.db"


def witnessed(folder: Path) -> Counter[str]:
    """How often each step has begun."""
    file = folder / "witness"
    return Counter(file.read_text().splitlines() if file.exists() else ())


async def outcomes(app: App, runs: Sequence[Run[Any]]) -> Counter[str]:
    """How often an outcome is recorded for each step."""
    found: Counter[str] = Counter()
    for run in runs:
        for logged in map(decode_event, await app.runtime.world.log.read(run.id)):
            if isinstance(logged.event, StepCompleted | StepFailed):
                found[f"{run.id}/{logged.event.id}"] += 1
    return found


def scenario(folder: Path, play: Callable[[App], Awaitable[None]]) -> None:
    """Play with an app that starts and looks, and does not work."""

    async def main() -> None:
        async with App(url_of(folder), worker=False) as app:
            await play(app)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_worker_that_stands_by_goes_on_at_once(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        async with Worker(tmp_path) as first, Worker(tmp_path) as second:
            await first.tells("worker_started")
            await second.tells("worker_started")
            run = await app.start(one_slow())
            owner = await whoever_tells(first, second, "slow_at_first has begun")
            await owner.kill()
            killed = time.monotonic()
            assert await run.result() == [1, 2, 2]
            assert time.monotonic() - killed < AT_ONCE
            assert (await run.info()).worker is None
            assert witnessed(tmp_path) == {
                f"{run.id}/pick#1": 1,
                f"{run.id}/slow_at_first#1": 2,
                f"{run.id}/pick#2": 1,
            }

    scenario(tmp_path, play)


async def whoever_tells(first: Worker, second: Worker, text: str) -> Worker:
    """The worker that tells it."""
    tellings = {asyncio.create_task(worker.tells(text)): worker for worker in (first, second)}
    done, left = await asyncio.wait(tellings, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    return tellings[done.pop()]


def test_a_kill_amid_many_runs_repeats_only_what_was_in_flight(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        runs = [await app.start(harvest(row, PLACES)) for row in range(ROWS)]
        async with Worker(tmp_path) as worker:
            await worker.tells("attempt_started", ROWS * PLACES // 2)
            await worker.kill()
        begun, recorded = witnessed(tmp_path), await outcomes(app, runs)
        in_flight = begun.keys() - recorded.keys()
        async with Worker(tmp_path):
            results = await asyncio.gather(*[run.result("50s") for run in runs])
        assert results == [row * sum(range(PLACES)) for row in range(ROWS)]
        assert set((await outcomes(app, runs)).values()) == {1}
        after = witnessed(tmp_path)
        assert len(after) == ROWS * PLACES
        assert {step for step, times in after.items() if times > 1} <= in_flight
        assert max(after.values()) <= 2
        assert len(in_flight) <= ROWS

    scenario(tmp_path, play)


def test_a_step_that_kills_its_worker_every_time_fails_its_run(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        run = await app.start(kills_its_worker())
        for _ in range(2):
            async with Worker(tmp_path) as worker:
                assert await worker.dies() == -signal.SIGKILL
        async with Worker(tmp_path):
            with pytest.raises(RecoveryLimitError) as caught:
                await run.result("30s")
        assert caught.value.recoveries == 2
        assert await run.status() is RunStatus.FAILED
        assert witnessed(tmp_path) == {f"{run.id}/deadly#1": 2}
        assert (await run.events())[0].kind == "run_created"

    scenario(tmp_path, play)
