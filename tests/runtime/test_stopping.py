"""A worker that stops while its runs go on."""

import asyncio
from pathlib import Path

import pytest

from outlast import App, Run, RunStatus, WorkerOptions, hook, step, workflow
from outlast._runtime.commits import MAX_BATCH
from outlast.errors import NoAppError
from outlast.testing import Signals
from outlast.world import Batch, Receipt

gates: dict[str, asyncio.Event] = {}


@step(name="stopping.pass_gate")
async def pass_gate(name: str) -> str:
    await gates[name].wait()
    return name


@workflow(name="stopping.two_gates")
async def two_gates(first: str, second: str) -> str:
    return await pass_gate(first) + await pass_gate(second)


@workflow(name="stopping.waits")
async def waits(token: str) -> int:
    return await hook(int, token=token)


def test_a_run_whose_next_step_comes_while_the_worker_stops_is_handed_back() -> None:
    """Its step is not begun any more; it must not be suspended as if it waited for nothing."""

    async def main() -> None:
        signals = Signals()
        gates.update({name: asyncio.Event() for name in ("first", "second", "other")})
        async with App("memory://", instruments=[signals]) as app:
            run = await app.start(two_gates("first", "second"))
            other = await app.start(two_gates("other", "second"))
            await signals.wait_for("attempt_started", run_id=other.id)
            stopping = asyncio.create_task(app.stop("20s"))
            while not app.runtime.draining:
                await asyncio.sleep(0)
            gates["first"].set()
            await signals.wait_for("attempt_ended", run_id=run.id)
            await signals.wait_for_next("committed")
            gates["other"].set()
            await stopping
            info = await run.info()
            assert (info.status, info.due_at is None) == (RunStatus.PENDING, False)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_handle_says_that_its_app_is_closed() -> None:
    async def main() -> str:
        async with App("memory://", worker=False) as app:
            run = await app.start(two_gates("a", "b"))
        try:
            await run.cancel()
        except NoAppError as error:
            return error.what
        return ""

    assert asyncio.run(asyncio.wait_for(main(), 60)) == "Run.cancel()"


def test_a_start_that_waits_for_its_commit_hears_that_the_app_is_closed() -> None:
    async def main() -> object:
        async with App("memory://", worker=False) as app:
            starting = asyncio.create_task(app.start(two_gates("a", "b")))
            await asyncio.sleep(0)
            await app.runtime.close()
            answers = await asyncio.gather(starting, return_exceptions=True)
        return type(answers[0])

    assert asyncio.run(asyncio.wait_for(main(), 60)) is NoAppError


@pytest.mark.parametrize("turns", [1, 4])
def test_runs_that_are_being_created_while_the_worker_stops_are_handed_back(
    turns: int, tmp_path: Path
) -> None:
    """They are created as claimed by the worker: nobody else would take them before its lease ends."""

    async def main() -> set[object]:
        async with App(f"sqlite:///{tmp_path}/stopping.db") as app:
            starting = _start_many(app)
            for _ in range(turns):
                await asyncio.sleep(0)
            await app.stop("20s")
            assert not app.runtime.live
            runs = await asyncio.gather(*starting)
            return {await run.status() for run in runs[::20]}

    assert asyncio.run(asyncio.wait_for(main(), 15)) == {RunStatus.PENDING}


def test_a_run_that_a_commit_takes_while_the_worker_stops_is_handed_back() -> None:
    """The commit that wakes a run claims it too, and the world may be done with it after the worker has left."""

    async def main() -> RunStatus:
        signals = Signals()
        async with App("memory://", options=WorkerOptions(linger=0), instruments=[signals]) as app:
            run = await app.start(waits("stopping"))
            await signals.wait_for("run_suspended", run_id=run.id)
            log = app.runtime.world.log
            asked, gate, commit = asyncio.Event(), asyncio.Event(), log.commit

            async def late(batch: Batch) -> Receipt:
                asked.set()
                await gate.wait()
                return await commit(batch)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(log, "commit", late)
                resuming = asyncio.create_task(app.resume("stopping", 1))
                await asked.wait()
                stopping = asyncio.create_task(app.stop("20s"))
                await asyncio.wait([stopping], timeout=0.1)
                gate.set()
                await asyncio.gather(resuming, stopping)
            return await run.status()

    assert asyncio.run(asyncio.wait_for(main(), 15)) == RunStatus.PENDING


def _start_many(app: App) -> list[asyncio.Task[Run[str]]]:
    """More than go with one batch."""
    return [asyncio.create_task(app.start(two_gates("a", "b"))) for _ in range(MAX_BATCH + 100)]
