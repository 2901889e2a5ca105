"""The clock that skips time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from outlast import App, sleep, step, workflow
from outlast._clock import SECOND, sleep_until
from outlast.errors import InvalidDurationError
from outlast.testing import Signals, SkippingClock

DAY = timedelta(days=1)


@step
async def slow_in_real_time() -> str:
    await asyncio.sleep(0.02)
    return "done"


@workflow
async def month() -> str:
    async with asyncio.timeout(86_400):
        result = await slow_in_real_time()
    await sleep("30 days")
    return result


def run(test: Callable[[SkippingClock], Awaitable[None]], threshold: float = 0.0) -> None:
    async def main() -> None:
        await test(SkippingClock(datetime(2030, 1, 1, tzinfo=UTC), threshold=threshold))

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize("threshold", [0.0, 0.002])
def test_a_month_passes_at_once_but_not_while_a_step_runs(threshold: float) -> None:
    async def test(clock: SkippingClock) -> None:
        async with App("memory://", clock=clock) as app:
            handle = await app.start(month())
            assert await handle.result() == "done"
            assert clock.time == datetime(2030, 1, 31, tzinfo=UTC)
            assert clock.held == 0

    run(test, threshold)


def test_time_stands_still_if_nobody_waits_for_it() -> None:
    async def test(clock: SkippingClock) -> None:
        begin = clock.time
        called: list[str] = []
        clock.call_at(clock.now() + SECOND, lambda: called.append("upkeep"), background=True)
        await asyncio.sleep(0.01)
        assert clock.time == begin
        assert not called

    run(test)


def test_a_jump_calls_what_it_passes_in_order_and_upkeep_first() -> None:
    async def test(clock: SkippingClock) -> None:
        called: list[str] = []

        async def upkeep() -> None:
            await sleep_until(clock, clock.now() + 3 * SECOND, background=True)
            called.append("upkeep")
            await asyncio.sleep(0)
            called.append("upkeep done")

        task = asyncio.create_task(upkeep())
        for seconds in (20, 5, 10):
            clock.call_at(clock.now() + seconds * SECOND, lambda s=seconds: called.append(str(s)))  # type: ignore[misc]
        await sleep_until(clock, clock.now() + 20 * SECOND)
        await task
        assert called == ["upkeep", "upkeep done", "5", "10", "20"]

    run(test)


def test_a_cancelled_timer_is_no_reason_to_stop() -> None:
    async def test(clock: SkippingClock) -> None:
        begin = clock.time
        timer = clock.call_at(clock.now() + SECOND, lambda: pytest.fail("it was cancelled"))
        timer.cancel()
        await asyncio.sleep(0.005)
        assert clock.time == begin

    run(test)


def test_work_holds_the_clock() -> None:
    async def test(clock: SkippingClock) -> None:
        begin = clock.time
        clock.hold()
        waiting = asyncio.create_task(sleep_until(clock, clock.now() + SECOND))
        await asyncio.sleep(0.01)
        assert clock.time == begin
        clock.release()
        await waiting
        assert clock.time == begin + timedelta(seconds=1)
        with pytest.raises(RuntimeError, match="released more often"):
            clock.release()

    run(test)


def test_time_can_be_moved_by_hand_both_ways() -> None:
    async def test(clock: SkippingClock) -> None:
        clock.hold()  # it does not move by itself
        begin, called = clock.time, []
        clock.call_at(clock.now() + SECOND, lambda: called.append(clock.time))
        clock.set(begin - DAY)
        await asyncio.sleep(0)
        assert not called
        clock.advance(DAY)
        await asyncio.sleep(0)
        assert not called
        clock.advance("1s")
        await asyncio.sleep(0)
        assert called == [begin + timedelta(seconds=1)]

    run(test)


def test_a_time_that_has_passed_is_called_in_the_next_turn() -> None:
    async def test(clock: SkippingClock) -> None:
        called: list[str] = []
        clock.hold()
        clock.call_at(clock.now() - 1, lambda: called.append("at once"))
        assert not called
        await asyncio.sleep(0)
        assert called == ["at once"]

    run(test)


def test_one_clock_serves_several_loops_one_after_the_other() -> None:
    clock = SkippingClock(threshold=0)
    for day in (1, 2, 3):
        asyncio.run(sleep_until(clock, clock.now() + 86_400 * SECOND))
        assert clock.time == datetime(2030, 1, 1 + day, tzinfo=UTC)


def test_a_clock_that_jumps_far_ahead_loses_no_lease() -> None:
    """Held runs have their leases renewed before anybody looks whether they have ended."""

    async def test(clock: SkippingClock) -> None:
        signals = Signals()
        async with App("memory://", clock=clock, instruments=[signals]) as app:
            handle = await app.start(month())
            await handle.result()
            assert (await handle.info()).status == "completed"
            assert signals.count("run_fenced") == 0

    run(test)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidDurationError, match="time zone"):
        SkippingClock(datetime(2030, 1, 1))
    with pytest.raises(InvalidDurationError, match="time zone"):
        SkippingClock().set(datetime(2030, 1, 1))
