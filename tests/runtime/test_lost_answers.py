"""Commits that are carried out and whose answers are lost: what they have claimed goes on here, without waiting for the
end of a lease."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from outlast import App, Run, WorkerOptions, hook, resume, start, workflow
from outlast._clock import SECOND
from outlast._model.runs import RunRecord, RunStatus
from outlast.testing import FaultyWorld, SkippingClock, Unavailable
from outlast.world import World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.sqlite import SqliteWorld

LOST = Unavailable(call=1, when="after", of="commit")


@workflow(name="lost_answers.waiting")
async def waiting(token: str) -> int:
    async with hook(token=token) as given:
        found: int = await given
    return found


@workflow(name="lost_answers.parent")
async def parent() -> int:
    return await waiting("of-child")


@pytest.fixture(params=["memory", "sqlite"])
def make_world(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[SkippingClock], World]:
    if request.param == "memory":
        return MemoryWorld
    return lambda clock: SqliteWorld(tmp_path / "test.db", clock)


Scenario = Callable[[App, FaultyWorld], Awaitable[Run[int]]]


def play(make_world: Callable[[SkippingClock], World], scenario: Scenario) -> RunRecord:
    """Play it, up to the result 1 of the run that it gives; the row of that run. No lease may have ended."""

    async def main() -> RunRecord:
        clock = SkippingClock()
        world = FaultyWorld(make_world(clock))
        async with App(world=world, clock=clock, options=WorkerOptions(linger=0)) as app:
            began = clock.now()
            run = await scenario(app, world)
            assert await run.result("1h") == 1
            assert clock.now() - began < 10 * SECOND, "it has waited for a lease"
            record = await world.listing.get(run.id)
            assert record is not None
            return record

    return asyncio.run(main())


async def asleep(app: App, run_id: str) -> None:
    """Wait until the run waits, and is nowhere in memory."""
    async with asyncio.timeout(20):
        while True:
            record = await app.runtime.world.listing.get(run_id)
            assert record is not None
            if record.status is RunStatus.SUSPENDED:
                return
            await asyncio.sleep(0)


async def owner_of_a_hook(app: App) -> str:
    async with asyncio.timeout(20):
        while not (page := await app.list_hooks()).hooks:
            await asyncio.sleep(0)
    return page.hooks[0].run_id


def test_a_payload(make_world: Callable[[SkippingClock], World]) -> None:
    async def scenario(app: App, world: FaultyWorld) -> Run[int]:
        run = await start(waiting("T"))
        await asleep(app, run.id)
        world.inject(LOST)
        await resume("T", 1)
        return run

    record = play(make_world, scenario)
    assert (record.epoch, record.recoveries) == (2, 0)


def test_a_start(make_world: Callable[[SkippingClock], World]) -> None:
    async def scenario(app: App, world: FaultyWorld) -> Run[int]:
        world.inject(LOST)
        run = await start(waiting("T"))
        await asleep(app, run.id)
        await resume("T", 1)
        return run

    record = play(make_world, scenario)
    assert (record.epoch, record.recoveries) == (2, 0)


def test_a_start_with_a_payload_for_a_run_that_sleeps(
    make_world: Callable[[SkippingClock], World],
) -> None:
    async def scenario(app: App, world: FaultyWorld) -> Run[int]:
        run = await start(waiting("T"))
        await asleep(app, run.id)
        world.inject(LOST)
        same = await start(waiting("T"), token="T", payload=1)
        assert same.id == run.id
        return run

    record = play(make_world, scenario)
    assert (record.epoch, record.recoveries) == (2, 0)


def test_the_end_of_a_child(make_world: Callable[[SkippingClock], World]) -> None:
    async def scenario(app: App, world: FaultyWorld) -> Run[int]:
        run = await start(parent())
        await asleep(app, run.id)
        await asleep(app, await owner_of_a_hook(app))
        await resume("of-child", 1)
        world.inject(LOST)
        return run

    record = play(make_world, scenario)
    assert (record.epoch, record.recoveries) == (2, 0)
