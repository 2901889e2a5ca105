"""Law 4: of two owners, one is refused. A process stands still at each of its calls to the world, another one takes
its runs over and brings them to their end; then the first one wakes up, and changes nothing."""

import asyncio
import random
from collections.abc import Iterable

import pytest

from outlast import App
from outlast.testing import FaultyWorld, SkippingClock, Stall
from tests.laws.checks import check_log
from tests.laws.data import Cover, MakeData
from tests.laws.frozen import ProcessClock
from tests.laws.lives import RUN, Ended, Story, ending_of, live, read_logs, tell
from tests.laws.shapes import SHAPES, Shape

SOME = ["race", "retries", "children", "cancelled_child", "cancelled", "attributes", "daily"]


@pytest.mark.parametrize("name", SOME)
def test_a_process_that_stood_still_changes_nothing(
    name: str, make_memory: MakeData, cover: Cover
) -> None:
    points = points_of(reference_of(make_memory, name))
    fifth = points[random.Random(name).randrange(5) :: 5]
    cover("stalls", try_stalls(make_memory, name, fifth))


@pytest.mark.parametrize("name", SOME)
def test_some_of_them(name: str, make_sqlite: MakeData, cover: Cover) -> None:
    points = points_of(reference_of(make_sqlite, name))
    cover("stalls", try_stalls(make_sqlite, name, random.Random(name).sample(points, 2)))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", SHAPES)
def test_all_of_them(name: str, make_data: MakeData, cover: Cover) -> None:
    cover("stalls", try_stalls(make_data, name, points_of(reference_of(make_data, name))))


def reference_of(make_data: MakeData, name: str) -> Story:
    return tell(make_data, lambda app: SHAPES[name].play(app, RUN))


def points_of(reference: Story) -> list[Stall]:
    calls = range(1, len(reference.lives[0].calls) + 1)
    before = [Stall(call=call) for call in calls]
    return before + [Stall(call=call, when="after") for call in calls]


def try_stalls(make_data: MakeData, name: str, points: Iterable[Stall]) -> int:
    """At how many points the process stood still."""
    expected = reference_of(make_data, name).ended
    tried = stalled = 0
    for point in points:
        tried += 1
        stalled += asyncio.run(
            asyncio.wait_for(stand_still(make_data, SHAPES[name], point, expected), 60)
        )
    assert 2 * stalled >= tried
    return stalled


async def stand_still(make_data: MakeData, shape: Shape, point: Stall, expected: Ended) -> bool:
    """Whether the first process has come to that point."""
    clock = SkippingClock(threshold=0)
    data = make_data(clock)
    own_clock = ProcessClock(clock)
    world = FaultyWorld(data.world())
    async with App(world=world, clock=own_clock) as app:
        world.inject(point)
        first = asyncio.create_task(ending_of(shape.play(app, RUN)))
        stall = asyncio.create_task(world.stalled.wait())
        await asyncio.wait({first, stall}, return_when=asyncio.FIRST_COMPLETED)
        if not world.stalled.is_set():
            stall.add_done_callback(lambda _: world.resume())  # it may strike while the app closes
            assert await first == expected
            return False
        own_clock.freeze()
        second = await live(data, clock, lambda app: shape.play(app, RUN))
        assert second.ended == expected
        left = await read_logs(data.world())
        own_clock.thaw()
        world.resume()
        assert await first == expected
    after = await read_logs(data.world())
    assert after == left
    for run_id, log in after.items():
        check_log(run_id, log)
    return True
