"""A world with faults."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from outlast import App, sleep, step, workflow
from outlast._clock import SECOND
from outlast.errors import NoAppError, WorldUnavailableError
from outlast.testing import (
    Crash,
    Delay,
    Fault,
    FaultyWorld,
    LoseNews,
    Repeat,
    Signals,
    SkippingClock,
    Unavailable,
    crash,
    faulty,
)
from outlast.testing.faults import CALLS
from outlast.world import Claim, PruneRequest, StepRequest
from outlast.worlds.memory import MemoryWorld


@step
async def thrice(n: int) -> int:
    return 3 * n


@workflow
async def nap_between() -> int:
    n = await thrice(1)
    await sleep("1h")
    return await thrice(n)


@workflow
async def nap_for_days() -> str:
    await sleep("10 days")
    return "awake"


class Bench:
    """A clock, a world with faults, and an app on it."""

    def __init__(self, *faults: Fault, inside: MemoryWorld | None = None) -> None:
        self.clock = SkippingClock(threshold=0)
        self.inside = inside or MemoryWorld(self.clock)
        self.world = FaultyWorld(self.inside, *faults)
        self.signals = Signals()
        self.app = App(world=self.world, clock=self.clock, instruments=[self.signals])


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_calls_are_counted_by_name() -> None:
    async def test() -> None:
        bench = Bench()
        async with bench.app as app:
            await (await app.start(nap_between())).result()
        assert bench.world.calls[0] == "register"
        assert bench.world.calls[-1] == "unregister"
        assert bench.world.calls.count("commit") == bench.signals.count("committed")

    run(test)


@pytest.mark.parametrize(("when", "carried_out"), [("before", False), ("after", True)])
def test_a_crash_strikes_before_or_after_the_call(when: str, carried_out: bool) -> None:
    async def test() -> None:
        bench = Bench(Crash(call=1, of="commit", when=when))  # type: ignore[arg-type]
        async with bench.app as app:
            starting = asyncio.create_task(app.start(nap_between(), run_id="a"))
            await bench.world.crashed.wait()
            await crash(app)
            with pytest.raises(NoAppError):
                await starting
        async with bench.inside.opened() as world:
            assert (await world.listing.get("a") is not None) == carried_out
            assert len(await world.listing.workers()) == 1

    run(test)


def test_a_dead_process_writes_nothing_and_another_one_goes_on() -> None:
    async def test() -> None:
        first = Bench(Crash(call=2, of="commit", when="after"))
        async with first.app as app:
            await app.start(nap_between(), run_id="a")
            await first.world.crashed.wait()
            await crash(app)
        second = Bench(inside=first.inside)
        second.app = App(world=second.world, clock=first.clock)
        async with second.app as app:
            assert await app.get_run("a").result() == 9
            steps = await app.get_run("a").steps()
        assert [(one.id, len(one.attempts)) for one in steps] == [("thrice#1", 1), ("thrice#2", 1)]
        assert first.clock.held == 0

    run(test)


def test_an_unavailable_world_is_tried_again() -> None:
    async def test() -> None:
        bench = Bench(Unavailable(call=2, times=3, of="commit"), Unavailable(call=1, of="claim"))
        async with bench.app as app:
            assert await (await app.start(nap_between())).result() == 9
        failed = bench.signals.find("commit_failed")
        assert len(failed) == 4
        assert all(isinstance(one.fields["error"], WorldUnavailableError) for one in failed)

    run(test)


def test_a_delayed_call_is_overtaken() -> None:
    async def test() -> None:
        bench = Bench()
        async with bench.app as app:
            bench.world.inject(Delay(call=1, turns=50, of="get"))
            delayed = asyncio.create_task(bench.world.listing.get("a"))
            await asyncio.sleep(0)
            await app.start(nap_for_days(), run_id="a")
            assert await bench.world.listing.get("b") is None
            assert not delayed.done()
            assert await delayed is not None

    run(test)


def test_what_is_delivered_twice_has_its_effect_once() -> None:
    async def test() -> None:
        bench = Bench()
        async with bench.app as app:
            run = await app.start(nap_for_days())
            await bench.signals.wait_for("run_suspended")
            bench.world.inject(Repeat(call=1))
            await run.wake()
            assert await run.result() == "awake"
            kinds = [event.kind for event in await run.events()]
        assert kinds.count("wake_requested") == 2
        assert kinds[-1] == "run_completed"

    run(test)


def test_lost_news_are_heard_with_the_next() -> None:
    async def test() -> None:
        bench = Bench(LoseNews(times=1))
        async with bench.inside.opened():
            mark = bench.world.news.mark()
            heard = asyncio.create_task(bench.world.news.changed(mark))
            for expected in (False, True):
                await bench.inside.listing.save_manifest("1", 0, b"")
                bench.inside.news.written()
                for _ in range(5):
                    await asyncio.sleep(0)
                assert heard.done() is expected

    run(test)


def test_a_paused_world_answers_when_it_is_resumed() -> None:
    async def test() -> None:
        bench = Bench()
        async with bench.app as app:
            bench.world.pause()
            starting = asyncio.create_task(app.start(nap_between()))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not starting.done()
            bench.world.resume()
            assert await (await starting).result() == 9

    run(test)


def test_faults_reach_every_store() -> None:
    """The queue of steps and retention go through the same door."""
    names = ("claim_steps", "next_step_due", "held_steps", "prune")

    async def body() -> None:
        clock = SkippingClock(threshold=0)
        world = FaultyWorld(MemoryWorld(clock), *(Unavailable(call=1, of=name) for name in names))
        wish = StepRequest(
            claim=Claim("me", SECOND), steps=frozenset({"x"}), queues=("default",), limit=1
        )
        async with world.opened():
            for use in (
                lambda: world.steps.claim(wish),
                lambda: world.steps.next_due(wish.steps, wish.queues),
                lambda: world.steps.held("me"),
                lambda: world.retention.prune(PruneRequest(ended_before=0)),
            ):
                with pytest.raises(WorldUnavailableError):
                    await use()
                assert not await use()
        assert list(world.calls) == [name for name in names for _ in range(2)]

    run(body)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Crash(call=0), ValueError),
        (Crash(call=1, of="comit"), ValueError),
        (Crash(call=1, when=cast(Any, "befor")), ValueError),
        (Unavailable(call=-1), ValueError),
        (Crash, TypeError),
    ],
)
def test_faults_that_never_strike_are_refused(fault: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        FaultyWorld(MemoryWorld(SkippingClock()), fault)


def test_the_names_of_the_calls_are_known() -> None:
    made = re.findall(r'_door\.call\(\s*"(\w+)"', inspect.getsource(faulty))
    assert set(made) == CALLS
