"""A process that stops as it should, at any moment: another one goes on, and nothing counts as a recovery."""

import asyncio
import random
from collections.abc import Iterable

import pytest

from outlast import App
from outlast.testing import FaultyWorld, Signals, SkippingClock, Stall
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Life, Story, ending_of, live, read_logs, rows, statuses, tell
from tests.laws.shapes import SHAPES

SOME = ["race", "retries", "children", "cancelled_child", "cancelled", "fan_out", "daily"]
SKIPS = ["race"]
"""Where threads work, the clock may skip the day that it would wait, and then its sleep wins: that is no fault."""


@pytest.mark.parametrize("name", SOME)
def test_it_stops_at_each_third_call(name: str, make_memory: MakeData, cover: Cover) -> None:
    calls = len(reference_of(make_memory, name).lives[0].calls)
    chosen = range(random.Random(name).randint(1, 3), calls + 1, 3)
    try_stops(make_memory, name, chosen)
    cover("graceful stops", len(chosen))


@pytest.mark.slow
@pytest.mark.parametrize("name", SKIPS)
def test_it_stops_at_any_call_in_memory(name: str, make_memory: MakeData, cover: Cover) -> None:
    calls = len(reference_of(make_memory, name).lives[0].calls)
    try_stops(make_memory, name, range(1, calls + 1))
    cover("graceful stops", calls)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", [name for name in SHAPES if name not in SKIPS])
def test_it_stops_at_any_call(name: str, make_data: MakeData, cover: Cover) -> None:
    calls = len(reference_of(make_data, name).lives[0].calls)
    try_stops(make_data, name, range(1, calls + 1))
    cover("graceful stops", calls)


@pytest.mark.parametrize("name", [name for name in SOME if name not in SKIPS])
def test_it_stops_at_some_calls(name: str, make_sqlite: MakeData) -> None:
    calls = len(reference_of(make_sqlite, name).lives[0].calls)
    try_stops(make_sqlite, name, random.Random(name).sample(range(1, calls + 1), 2))


def reference_of(make_data: MakeData, name: str) -> Story:
    return tell(make_data, lambda app: SHAPES[name].play(app, RUN))


def try_stops(make_data: MakeData, name: str, calls: Iterable[int]) -> None:
    reference = reference_of(make_data, name)
    for call in calls:
        story, recoveries = asyncio.run(asyncio.wait_for(stop_at(make_data, name, call), 60))
        try:
            check_story(story)
            assert story.ended == reference.ended
            assert step_outcomes(story) == step_outcomes(reference)
            assert recoveries == {0}
        except AssertionError as error:
            error.add_note(f"stopped at call {call}")
            raise


async def stop_at(make_data: MakeData, name: str, call: int) -> tuple[Story, set[int]]:
    """Stop the first process as it makes that call; and how often its runs then were recovered."""
    clock = SkippingClock(threshold=0)
    data = make_data(clock)
    signals = Signals()
    world = FaultyWorld(data.world())
    async with App(world=world, clock=clock, instruments=[signals]) as app:
        world.inject(Stall(call=call))
        playing = asyncio.create_task(ending_of(SHAPES[name].play(app, RUN)))
        stalled = asyncio.create_task(world.stalled.wait())
        await asyncio.wait({playing, stalled}, return_when=asyncio.FIRST_COMPLETED)
        stalled.add_done_callback(lambda _: world.resume())
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    stalled.cancel()
    await asyncio.gather(stalled, return_exceptions=True)
    first = Life(None, (), signals, await read_logs(data.world()))
    recoveries = {row.recoveries for row in await rows(data.world())}
    second = await live(data, clock, lambda app: SHAPES[name].play(app, RUN))
    second.left = await read_logs(data.world())
    story = Story([first, second], await statuses(data.world()), clock)
    return story, recoveries or {0}
