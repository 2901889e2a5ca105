"""Law 8: terminal is terminal."""

import asyncio

import pytest

from outlast import App
from outlast.testing import FaultyWorld, SkippingClock
from tests.laws.data import MakeData
from tests.laws.lives import RUN, ending_of, read_logs, statuses
from tests.laws.shapes import SHAPES


@pytest.mark.parametrize("name", ["sequence", "failing", "cancelled", "children", "detached"])
def test_a_run_that_is_over_stays_as_it_is(name: str, make_data: MakeData) -> None:
    async def main() -> None:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        shape = SHAPES[name]
        async with App(world=data.world(), clock=clock) as app:
            ended = await ending_of(shape.play(app, RUN))
            for info in (await app.list_runs()).runs:
                await ending_of(app.get_run(info.id).result())
        logs, rows = await read_logs(data.world()), await statuses(data.world())
        world = FaultyWorld(data.world())
        async with App(world=world, clock=clock) as app:
            for run_id in logs:
                run = app.get_run(run_id)
                assert await run.cancel("too late") is False
                assert await run.wake() is False
            clock.advance("400 days")
            assert await ending_of((await app.start(shape.make(), run_id=RUN)).result()) == ended
            commits = world.calls.count("commit")
            clock.advance("400 days")
            await asyncio.sleep(0.01)
            assert world.calls.count("commit") == commits
        assert await read_logs(data.world()) == logs
        assert await statuses(data.world()) == rows

    asyncio.run(asyncio.wait_for(main(), 60))
