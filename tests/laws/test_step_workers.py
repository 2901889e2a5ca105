"""Laws 2 and 3 over two processes: one has the run, the other makes its steps; either dies at any of its calls."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from outlast import App, FatalError, StepFailedError, WorkerOptions, step, step_info, workflow
from outlast.testing import Crash, Fault, FaultyWorld, Signals, SkippingClock, crash
from tests.laws.checks import OUTCOMES, check_log
from tests.laws.data import Cover, Data, MakeData
from tests.laws.lives import RUN, Ended, Log, ending_of, has_queued, read_logs

IN_MEMORY, IN_FILES = 24, 8
"""How many points are tried where not all are: a life over a file takes ten times as long."""


@step(name="step_workers.far_double", queue="far")
async def far_double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


@step(name="step_workers.far_flaky", queue="far", retries=2, backoff="2s")
async def far_flaky() -> int:
    if step_info().attempt < 2:
        raise ConnectionError("not yet")
    return step_info().attempt


@step(name="step_workers.far_hopeless", queue="far")
async def far_hopeless() -> None:
    raise FatalError("never")


@step(name="step_workers.near")
async def near(n: int) -> int:
    return n + 1


@step(name="step_workers.nowhere", queue="unserved")
async def nowhere() -> None:
    """For workers that there are not."""


@workflow(name="step_workers.across")
async def across() -> list[int]:
    found = list(await asyncio.gather(far_double(1), far_flaky(), near(1)))
    try:
        await far_hopeless()
    except StepFailedError as error:
        found.append(error.attempts)
    try:
        async with asyncio.timeout(5):
            await nowhere()
    except TimeoutError:
        found.append(await far_double(found[0]))
    return found


ENDS = Ended(result=[2, 2, 2, 1, 4])


@dataclass
class Side:
    """One process after the other in the same part: the next one comes when one has died."""

    queue: str
    faults: tuple[Fault, ...] = ()
    lives: list[Signals] = field(default_factory=list)
    world: FaultyWorld | None = None
    """That of the first process."""
    opening: int = 0
    """How many calls it made until it was open."""
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self, data: Data, clock: SkippingClock, stack: AsyncExitStack) -> None:
        for faults in (self.faults, ()):
            world, signals = FaultyWorld(data.world()), Signals()
            self.world = self.world or world
            self.lives.append(signals)
            options = WorkerOptions(queues=(self.queue,))
            app = App(world=world, clock=clock, instruments=[signals], options=options)
            await stack.enter_async_context(app)
            stack.push_async_callback(
                crash, app
            )  # a fault that is still armed must not hold up the end
            self.opening = self.opening or len(world.calls)
            world.inject(*faults)
            self.began.set()
            await world.crashed.wait()
            await crash(app)


@dataclass
class Told:
    ended: Ended
    logs: dict[str, Log]
    queued: bool
    sides: tuple[Side, Side]
    calls: tuple[int, ...]
    """How many calls the first two processes made between their opening and the run's end."""


def tell(make_data: MakeData, owner: tuple[Fault, ...], maker: tuple[Fault, ...]) -> Told:
    """Play the workflow with these faults in the two processes."""

    async def main() -> Told:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        sides = Side("default", owner), Side("far", maker)
        async with AsyncExitStack() as stack:
            client = App(world=data.world(), clock=clock, worker=False)
            await stack.enter_async_context(client)
            lives = [asyncio.create_task(side.live(data, clock, stack)) for side in sides]
            for side in sides:
                await side.began.wait()
            ended = await ending_of((await client.start(across(), run_id=RUN)).result())
            calls = tuple([len(side.world.calls) - side.opening for side in sides if side.world])
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
        queued = await has_queued(data.world())
        return Told(ended, await read_logs(data.world()), queued, sides, calls)

    return asyncio.run(asyncio.wait_for(main(), 60))


def check(told: Told) -> None:
    assert told.ended == ENDS
    assert not told.queued
    (log,) = told.logs.values()
    check_log(RUN, log)
    outcomes = {e.event.id: e.event.attempt for e in log if isinstance(e.event, OUTCOMES)}
    assert outcomes == {
        "1/step_workers.far_double#1": 1,
        "2/step_workers.far_flaky#1": 2,
        "3/step_workers.near#1": 1,
        "step_workers.far_hopeless#1": 1,
        "step_workers.far_double#1": 1,
    }
    owner, maker = told.sides
    for signals in (*owner.lives, *maker.lives):
        made = Counter(
            (s.fields["step_id"], s.fields["attempt"]) for s in signals.find("attempt_started")
        )
        assert set(made.values()) <= {1}, made
    assert {s.fields["step_id"] for life in owner.lives for s in life.find("attempt_started")} <= {
        "3/step_workers.near#1"
    }


def points(calls: int) -> Iterable[Crash]:
    for call in range(1, calls + 1):
        yield Crash(call=call, when="before")
        yield Crash(call=call, when="after")


@pytest.mark.parametrize("who", ["owner", "maker"])
def test_either_dies_at_some_calls_in_memory(who: str, make_memory: MakeData, cover: Cover) -> None:
    cover("crash points", try_points(make_memory, who, sample=IN_MEMORY))


@pytest.mark.parametrize("who", ["owner", "maker"])
def test_either_dies_at_some_calls(who: str, make_sqlite: MakeData, cover: Cover) -> None:
    cover("crash points", try_points(make_sqlite, who, sample=IN_FILES))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("who", ["owner", "maker"])
def test_either_dies_at_every_call(who: str, make_data: MakeData, cover: Cover) -> None:
    cover("crash points", try_points(make_data, who, sample=None))


def try_points(make_data: MakeData, who: str, *, sample: int | None) -> int:
    undisturbed = tell(make_data, (), ())
    check(undisturbed)
    owner, maker = undisturbed.calls
    chosen = list(points(owner if who == "owner" else maker))
    if sample is not None:
        # Of those that surely come: how often it looks for work depends on the pace of the world.
        chosen = random.Random(who).sample(chosen[: len(chosen) // 2], sample)
    died = 0
    for point in chosen:
        told = tell(make_data, *(((point,), ()) if who == "owner" else ((), (point,))))
        try:
            check(told)
        except AssertionError as error:
            error.add_note(f"{who} at {point}")
            raise
        died += any(len(side.lives) > 1 for side in told.sides)
    assert 2 * died >= len(chosen)
    return died
