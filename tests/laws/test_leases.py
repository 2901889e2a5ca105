"""A worker keeps hold of what it works on, and hears of what it has to do, also when something goes wrong."""

import asyncio

import pytest

from outlast import App, RunStatus, step, workflow
from outlast.testing import FaultyWorld, LoseNews, Signals, SkippingClock, Unavailable
from tests.laws.data import MakeData
from tests.laws.lives import RUN


class Gate:
    """Where a step waits until the test lets it go on."""

    opened: asyncio.Event


@step
async def wait_at_the_gate() -> str:
    await Gate.opened.wait()
    return "through"


@workflow
async def through_the_gate() -> str:
    return await wait_at_the_gate()


async def pass_time(clock: SkippingClock, seconds: int) -> None:
    """Let time pass while a step is under way, second by second."""
    for _ in range(seconds):
        clock.advance(1)
        for _ in range(10):
            await asyncio.sleep(0)
        while clock.held > 1:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("failures", [0, 3])
def test_a_lease_outlasts_heartbeats_that_fail(make_data: MakeData, failures: int) -> None:
    async def main() -> None:
        Gate.opened = asyncio.Event()
        clock, signals = SkippingClock(threshold=0), Signals()
        data = make_data(clock)
        world = FaultyWorld(data.world())
        async with App(world=world, clock=clock, instruments=[signals]) as owner:
            run = await owner.start(through_the_gate(), run_id=RUN)
            await signals.wait_for("attempt_started")
            async with App(world=data.world(), clock=clock):
                await pass_time(clock, 8)
                if failures:
                    world.inject(Unavailable(call=1, times=failures, of="renew"))
                await pass_time(clock, 60)
                assert signals.count("commit_failed") == failures
                Gate.opened.set()
                assert await run.result() == "through"
        assert signals.count("run_fenced") == 0
        assert signals.count("attempt_started") == 1

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_worker_that_hears_nothing_looks_for_itself(make_data: MakeData) -> None:
    """News are a courtesy: with every heartbeat a worker looks whether there is something to do."""

    async def main() -> None:
        Gate.opened = asyncio.Event()
        Gate.opened.set()
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        world = FaultyWorld(data.world(), LoseNews(times=1_000_000))
        async with (
            App(world=world, clock=clock),
            App(world=data.world(), clock=clock, worker=False) as client,
        ):
            clock.hold()
            run = await client.start(through_the_gate(), run_id=RUN)
            await pass_time(clock, 12)
            clock.release()
            while await run.status() is not RunStatus.COMPLETED:
                await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(main(), 60))
