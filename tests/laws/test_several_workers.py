"""Several workers on one world: each run has one owner at a time, whoever dies."""

import asyncio
from collections import Counter

import pytest

from outlast import App
from outlast.testing import Crash, FaultyWorld, Signals, SkippingClock, crash
from tests.laws.checks import check_log
from tests.laws.data import MakeData
from tests.laws.lives import Ended, ending_of, read_logs
from tests.laws.shapes import SHAPES

ROUNDS = 2


@pytest.mark.parametrize("dies_at", [None, 1, 4, 8])
def test_they_share_the_work(make_data: MakeData, dies_at: int | None) -> None:
    async def main() -> list[Signals]:
        clock, signals = SkippingClock(), [Signals(), Signals()]
        data = make_data(clock)
        world = FaultyWorld(data.world())
        one = App(world=world, clock=clock, instruments=[signals[0]])
        two = App(world=data.world(), clock=clock, instruments=[signals[1]])
        client = App(world=data.world(), clock=clock, worker=False)
        async with client, one, two:
            if dies_at is not None:
                world.inject(Crash(call=dies_at, of="commit"))
                dying = asyncio.create_task(die(one, world))
            await asyncio.gather(*[play(client, name, n) for name in SHAPES for n in range(ROUNDS)])
            for info in (await client.list_runs(limit=1_000)).runs:
                await ending_of(client.get_run(info.id).result())
            if dies_at is not None:
                assert dying.done(), "it has made fewer commits than that"
        for run_id, log in (await read_logs(data.world())).items():
            check_log(run_id, log)
        return signals

    signals = asyncio.run(asyncio.wait_for(main(), 60))
    began = Counter(
        (one.fields["run_id"], one.fields["step_id"], one.fields["attempt"])
        for both in signals
        for one in both.find("attempt_started")
    )
    assert signals[1].count("run_claimed") > 0
    if dies_at is None:
        assert signals[0].count("run_claimed") > 0
        assert set(began.values()) == {1}
    else:
        assert max(began.values()) <= 2


async def die(app: App, world: FaultyWorld) -> None:
    await world.crashed.wait()
    await crash(app)


async def play(client: App, name: str, number: int) -> None:
    shape = SHAPES[name]
    ended = await ending_of(shape.play(client, f"{name}-{number}"))
    if isinstance(shape.ends, type):
        assert ended.error is shape.ends
    elif shape.ends is not ... and name != "detached":
        assert ended == Ended(result=shape.ends)
