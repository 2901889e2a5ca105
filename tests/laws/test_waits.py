"""Law 7: waits never fire early and fire once, also when the clock goes backwards."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from outlast import App, Call, now, sleep, step, workflow
from outlast._model.events import WaitCompleted
from outlast.testing import Signals, SkippingClock
from tests.laws.checks import check_log
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Log, read_logs

HOUR = timedelta(hours=1)


@step(name="waits.mark")
async def mark(n: int) -> int:
    return n


@workflow(name="waits.nights")
async def nights() -> list[int]:
    found = []
    for n in range(4):
        await sleep("8h")
        found.append(await mark(n))
    return found


@workflow(name="waits.short_naps")
async def short_naps() -> int:
    """Naps that are shorter than a run lingers in memory: they are timers of the live run."""
    for n in range(4):
        await sleep("300ms")
        await mark(n)
    return 4


@workflow(name="waits.at_once")
async def at_once() -> list[str]:
    """Many waits at a time; they end in the order of their deadlines."""
    order: list[str] = []

    async def one(hours: int) -> None:
        await sleep(3_600 * hours)
        order.append(str(hours))

    await asyncio.gather(one(3), one(1), one(2), sleep(now() - timedelta(days=1)))
    return order


def play(make_data: MakeData, call: Call[Any], disturb: Any) -> tuple[Any, Log, SkippingClock]:
    """Run to the end, with somebody who plays with the clock; the result, the log, the clock."""

    async def main() -> tuple[Any, Log, SkippingClock]:
        clock, signals = SkippingClock(threshold=0), Signals()
        data = make_data(clock)
        async with App(world=data.world(), clock=clock, instruments=[signals]) as app:
            run = await app.start(call, run_id=RUN)
            disturbing = asyncio.create_task(disturb(clock, signals))
            result = await run.result()
            disturbing.cancel()
            await asyncio.gather(disturbing, return_exceptions=True)
        return result, (await read_logs(data.world()))[RUN], clock

    return asyncio.run(asyncio.wait_for(main(), 60))


async def leave_alone(_clock: SkippingClock, _signals: Signals) -> None:
    pass


def check_waits(log: Log, count: int) -> None:
    check_log(RUN, log)
    waits = [logged for logged in log if isinstance(logged.event, WaitCompleted)]
    assert len(waits) == count
    for logged in waits:
        assert isinstance(logged.event, WaitCompleted)
        assert logged.event.started_at is not None
        assert logged.event.deadline <= logged.at


def test_undisturbed_waits_end_on_the_microsecond(make_data: MakeData) -> None:
    result, log, clock = play(make_data, nights(), leave_alone)
    assert result == [0, 1, 2, 3]
    check_waits(log, 4)
    assert clock.time == SkippingClock().time + 4 * timedelta(hours=8)


@pytest.mark.parametrize("hours", [1, 30, 24 * 400])
def test_a_clock_that_goes_backwards_only_delays(make_data: MakeData, hours: int) -> None:
    async def set_back(clock: SkippingClock, signals: Signals) -> None:
        for times in range(1, 4):
            await signals.wait_for("run_suspended", times=times)
            clock.set(clock.time - hours * HOUR)

    result, log, _ = play(make_data, nights(), set_back)
    assert result == [0, 1, 2, 3]
    check_waits(log, 4)


def test_it_only_delays_the_timers_of_a_live_run_too(make_data: MakeData) -> None:
    async def set_back(clock: SkippingClock, signals: Signals) -> None:
        for times in range(1, 5):
            await signals.wait_for("attempt_started", times=times)
            clock.set(clock.time - HOUR)

    result, log, _ = play(make_data, short_naps(), set_back)
    assert result == 4
    check_waits(log, 4)


def test_a_clock_that_jumps_ahead_ends_each_wait_once_in_order(make_data: MakeData) -> None:
    async def jump(clock: SkippingClock, signals: Signals) -> None:
        await signals.wait_for("run_suspended")
        clock.advance("3 days")

    result, log, _ = play(make_data, at_once(), jump)
    assert result == ["1", "2", "3"]
    check_waits(log, 3)


@pytest.mark.parametrize("seed", range(10))
def test_a_clock_that_does_as_it_likes(make_memory: MakeData, seed: int) -> None:
    chance = random.Random(seed)

    async def shake(clock: SkippingClock, signals: Signals) -> None:
        for times in range(1, 30):
            await signals.wait_for("committed", times=times)
            clock.set(clock.time + chance.choice([-20, -1, 0, 1, 9]) * HOUR)

    result, log, _ = play(make_memory, nights(), shake)
    assert result == [0, 1, 2, 3]
    check_waits(log, 4)
