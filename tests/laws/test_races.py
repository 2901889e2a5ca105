"""What comes from outside at an awkward moment."""

import asyncio
import itertools
from typing import Any

import pytest

from outlast import App, RunCancelledError, RunStatus, sleep, step, workflow
from outlast._model.events import StepCompleted
from outlast.errors import RunBlockedError
from outlast.testing import Crash, FaultyWorld, SkippingClock, Stall
from tests.laws.checks import check_log
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Ended, Life, Log, ending_of, live, read_logs

STEPS = 3_000
"""So many that the log is replayed in several slices."""


executions = itertools.count()


@step(name="races.tally")
async def tally(n: int) -> int:
    return n


@workflow(name="races.long_then_asleep")
async def long_then_asleep() -> int:
    total = 0
    for n in range(STEPS):
        total += await tally(n)
    await sleep("1000 days")
    return total


def test_news_in_the_middle_of_a_replay_wait_for_its_end(make_memory: MakeData) -> None:
    """A live run that is told of new events must not fetch them before it has replayed the old ones."""

    async def play(app: App) -> Any:
        return await (await app.start(long_then_asleep(), run_id=RUN)).result()

    async def main() -> tuple[Life, Log, Log]:
        clock = SkippingClock(threshold=0)
        data = make_memory(clock)
        await live(data, clock, play, [Crash(call=STEPS, of="commit")])
        before = (await read_logs(data.world()))[RUN]
        clock.advance("31s")
        async with App(world=data.world(), clock=clock, worker=False) as outside:
            tasks = [asyncio.create_task(wake_again_and_again(outside)) for _ in range(4)]
            second = await live(data, clock, play)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return second, before, (await read_logs(data.world()))[RUN]

    second, before, log = asyncio.run(asyncio.wait_for(main(), 60))
    assert second.ended == Ended(result=sum(range(STEPS)))
    check_log(RUN, log)
    recorded = sum(isinstance(logged.event, StepCompleted) for logged in before)
    assert second.signals.count("attempt_started") == STEPS - recorded


async def wake_again_and_again(app: App) -> None:
    while await app.get_run(RUN).wake():
        pass


@workflow(name="races.fickle")
async def fickle() -> int:
    """Asks for something else each time it is executed."""
    return await tally(next(executions))


@pytest.mark.parametrize("act", ["cancel", "nothing"])
def test_a_cancellation_while_a_run_becomes_blocked_is_not_lost(
    make_data: MakeData, act: str
) -> None:
    """The owner writes that the run is blocked, and has not seen what came just before."""

    async def play(app: App) -> Any:
        return await (await app.start(fickle(), run_id=RUN)).result()

    async def main() -> tuple[Ended, RunStatus]:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        await live(data, clock, play, [Crash(call=2, of="commit", when="after")])
        clock.advance("31s")
        world = FaultyWorld(data.world(), Stall(call=1, of="commit"))
        outside = App(world=data.world(), clock=clock, worker=False)
        async with outside, App(world=world, clock=clock) as app:
            await world.stalled.wait()
            if act == "cancel":
                assert await outside.get_run(RUN).cancel("enough")
            world.resume()
            ended = await ending_of(app.get_run(RUN).result())
            return ended, await app.get_run(RUN).status()

    ended, status = asyncio.run(asyncio.wait_for(main(), 60))
    if act == "cancel":
        assert (ended.error, status) == (RunCancelledError, RunStatus.CANCELLED)
    else:
        assert (ended.error, status) == (RunBlockedError, RunStatus.BLOCKED)
