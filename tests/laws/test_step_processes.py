"""Dispatched steps in real processes on one SQLite file, killed with SIGKILL."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from outlast import App, RunStatus, StepFailedError
from outlast.errors import RecoveryLimitError, RunFailedError
from tests.laws.programs.flows import far_harvest, kills_far_workers, one_far
from tests.laws.test_processes import AT_ONCE, Worker, outcomes, scenario, witnessed

ROWS, PLACES = 10, 6


def test_another_worker_of_the_queue_makes_the_step_at_once(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        async with Worker(tmp_path), Worker(tmp_path, "far") as doomed:
            run = await app.start(one_far())
            await doomed.tells("slow_at_first has begun")
            async with Worker(tmp_path, "far") as other:
                await other.tells("worker_started")
                await doomed.kill()
                killed = time.monotonic()
                assert await run.result() == [1, 2, 2]
                assert time.monotonic() - killed < AT_ONCE
        assert witnessed(tmp_path)[f"{run.id}/far_slow_at_first#1"] == 2
        assert set((await outcomes(app, [run])).values()) == {1}

    scenario(tmp_path, play)


def test_the_owner_may_be_killed_while_the_step_is_made(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        async with Worker(tmp_path, "far") as maker:
            async with Worker(tmp_path) as owner:
                run = await app.start(one_far())
                await maker.tells("slow_at_first has begun")
                await owner.kill()
            async with Worker(tmp_path, "far") as second, Worker(tmp_path):
                await second.tells("worker_started")
                await maker.kill()
                assert await run.result() == [1, 2, 2]
        assert set((await outcomes(app, [run])).values()) == {1}

    scenario(tmp_path, play)


def test_a_kill_amid_many_steps_repeats_only_what_was_in_flight(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        runs = [await app.start(far_harvest(row, PLACES)) for row in range(ROWS)]
        async with Worker(tmp_path):
            async with Worker(tmp_path, "far") as worker:
                await worker.tells("attempt_started", ROWS * PLACES // 3)
                await worker.kill()
            begun, recorded = witnessed(tmp_path), await outcomes(app, runs)
            in_flight = begun.keys() - recorded.keys()
            async with Worker(tmp_path, "far"):
                results = await asyncio.gather(*[run.result("50s") for run in runs])
        assert results == [row * sum(range(PLACES)) for row in range(ROWS)]
        assert set((await outcomes(app, runs)).values()) == {1}
        after = witnessed(tmp_path)
        assert len(after) == ROWS * PLACES
        assert {step for step, times in after.items() if times > 1} <= in_flight

    scenario(tmp_path, play)


def test_a_step_that_kills_its_workers_fails_and_its_run_may_go_on(tmp_path: Path) -> None:
    async def play(app: App) -> None:
        async with Worker(tmp_path):
            run = await app.start(kills_far_workers())
            for _ in range(2):
                async with Worker(tmp_path, "far") as worker:
                    assert await worker.dies() == -signal.SIGKILL
            async with Worker(tmp_path, "far"):
                with pytest.raises(RunFailedError) as caught:
                    await run.result("30s")
        failed = caught.value.__cause__
        assert isinstance(failed, StepFailedError)
        assert isinstance(failed.__cause__, RecoveryLimitError)
        assert (failed.__cause__.step, failed.__cause__.recoveries) == ("far_deadly", 2)
        assert await run.status() is RunStatus.FAILED
        assert witnessed(tmp_path) == {f"{run.id}/far_deadly#1": 2}

    scenario(tmp_path, play)
