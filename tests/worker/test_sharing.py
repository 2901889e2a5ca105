"""How much a worker takes: a rule in numbers, and eight workers that share."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from outlast import App, WorkerOptions, step, workflow
from outlast._clock import SECOND
from outlast._model.workers import WorkerRecord
from outlast._worker.sharing import CLAIM_LIMIT, FIRST_CLAIM, LONGEST_PAUSE, Share, count_neighbours
from outlast.testing import SkippingClock, crash
from tests.laws.data import MakeData, MemoryData, SqliteData

LEASE = 30 * SECOND


def worker(name: str, *queues: str, heartbeat_at: int = 0) -> WorkerRecord:
    return WorkerRecord(
        id=name,
        host="host",
        pid=1,
        version="v",
        queues=queues,
        started_at=0,
        heartbeat_at=heartbeat_at,
    )


class Crowd:
    """Neighbours that are so many."""

    def __init__(self, count: int) -> None:
        self.count = 1
        self._real = count

    async def look(self) -> None:
        self.count = self._real

    def age(self) -> float:
        return 0.0


def limits(share: Share, rounds: int, *, room: int = 10_000, keeps: bool = False) -> list[int]:
    """What it takes while there is more than it takes, and it works it off, or keeps all of it."""

    async def take() -> list[int]:
        taken: list[int] = []
        for _ in range(rounds):
            held = sum(taken) if keeps else 0
            taken.append(share.limit(room))
            assert await share.took(taken[-1], taken[-1], held=held)
        return taken

    return asyncio.run(take())


def test_alone_it_goes_on_with_all_there_is() -> None:
    share = Share(Crowd(1))
    assert limits(share, 3) == [FIRST_CLAIM, CLAIM_LIMIT, CLAIM_LIMIT]
    assert (share.limit(3), share.limit(0), share.limit(-5)) == (3, 0, 0)
    assert share.pause(2_000) == 0


def test_beside_others_it_begins_with_a_few_and_takes_more() -> None:
    crowd = Crowd(4)
    asyncio.run(crowd.look())
    share = Share(crowd)
    assert limits(share, 9) == [FIRST_CLAIM // 4, 6, 9, 14, 21, 31, 46, 50, 50]
    assert not asyncio.run(share.took(3, 50, held=0))
    assert share.limit(10_000) == FIRST_CLAIM // 4


def test_what_is_not_worked_off_is_dealt_out() -> None:
    crowd = Crowd(4)
    asyncio.run(crowd.look())
    taken = limits(Share(crowd), 20, keeps=True)
    assert max(taken) <= 3 * FIRST_CLAIM // 4, taken


def test_it_notices_who_has_come_meanwhile() -> None:
    crowd = Crowd(8)
    share = Share(crowd)
    assert limits(share, 2) == [FIRST_CLAIM, FIRST_CLAIM * 3 // 2 // 8]
    assert crowd.count == 8


def test_a_lack_of_room_is_no_reason_to_look_around() -> None:
    crowd = Crowd(8)
    assert limits(Share(crowd), 3, room=1) == [1, 1, 1]
    assert crowd.count == 1


def test_among_many_each_takes_one() -> None:
    share = Share(Crowd(1_000))
    assert limits(share, 3) == [FIRST_CLAIM, 1, 1]


def test_whoever_holds_more_gives_way_for_longer() -> None:
    crowd = Crowd(2)
    asyncio.run(crowd.look())
    share = Share(crowd)
    assert share.pause(0) == 0
    assert 0 < share.pause(10) < share.pause(20)
    assert share.pause(1_000_000) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("others", "count"),
    [
        ([], 1),
        ([worker("a", "default", heartbeat_at=LEASE)], 1),
        ([worker("a", "gpu"), worker("b", "gpu")], 1),
        ([worker("a", "default", "gpu"), worker("b", "default")], 2),
        ([worker("a", "default"), worker("b", "default", heartbeat_at=LEASE)], 2),
        ([worker("dead", "default"), worker("b", "default", heartbeat_at=LEASE + 1)], 1),
    ],
)
def test_neighbours_are_alive_and_serve_the_same(others: list[WorkerRecord], count: int) -> None:
    assert count_neighbours(others, ("default",), LEASE) == count


gates: list[asyncio.Event] = []
"""The last one is that of the current test."""


@step(name="sharing.pass_gate")
async def pass_gate() -> None:
    await gates[-1].wait()


@step(name="sharing.pass_gate_elsewhere", queue="default")
async def pass_gate_elsewhere() -> None:
    await gates[-1].wait()


@workflow(name="sharing.waits_at_gate")
async def waits_at_gate() -> None:
    await pass_gate()


@workflow(name="sharing.waits_elsewhere")
async def waits_elsewhere() -> None:
    await asyncio.gather(*[pass_gate_elsewhere() for _ in range(20)])


RUNS = 160


def test_eight_share_the_runs_and_four_take_over_what_the_others_held(make_data: MakeData) -> None:
    async def main() -> None:
        gates.append(asyncio.Event())
        clock = SkippingClock(threshold=0.001)
        data = make_data(clock)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                App(world=data.world(), clock=clock, worker=False)
            )
            apps = [
                await stack.enter_async_context(
                    App(world=data.world(), clock=clock, options=WorkerOptions(grace=0))
                )
                for _ in range(8)
            ]
            await heartbeats(clock, apps, 1)  # then each knows of the others
            runs = [await client.start(waits_at_gate()) for _ in range(RUNS)]
            await until_held(apps, RUNS)
            assert_even(held(apps), by_luck=isinstance(data, SqliteData))
            for app in apps[:4]:
                await crash(app)
            await heartbeats(clock, apps[4:], 4)  # where a death is not noticed, the leases end
            await until_held(apps[4:], RUNS)
            assert_even(held(apps[4:]), by_luck=isinstance(data, SqliteData))
            gates[-1].set()
            await asyncio.gather(*[run.result() for run in runs])

    asyncio.run(asyncio.wait_for(main(), 60))


def test_eight_share_the_steps() -> None:
    async def main() -> None:
        gates.append(asyncio.Event())
        clock = SkippingClock(threshold=0.001)
        data = MemoryData(clock)
        options = WorkerOptions(max_steps=50, grace=0)
        async with AsyncExitStack() as stack:
            apps = [
                await stack.enter_async_context(
                    App(world=data.world(), clock=clock, options=options)
                )
                for _ in range(8)
            ]
            await heartbeats(clock, apps, 1)
            runs = [await apps[0].start(waits_elsewhere()) for _ in range(8)]
            while sum(attempts(apps)) < 160:
                await asyncio.sleep(0.001)
            assert_even(attempts(apps))
            gates[-1].set()
            await asyncio.gather(*[run.result() for run in runs])

    asyncio.run(asyncio.wait_for(main(), 60))


def assert_even(found: list[int], *, by_luck: bool = False) -> None:
    """Nobody has next to nothing, and nobody the most of it. (A lock of SQLite is not fair: who waits for it while a
    burst is claimed may get nothing of that burst.)"""
    fair = sum(found) / len(found)
    assert by_luck or min(found) >= fair / 4, found
    assert max(found) <= fair * 3, found


def held(apps: list[App]) -> list[int]:
    return [len(app.runtime.live) for app in apps]


def attempts(apps: list[App]) -> list[int]:
    return [app.runtime.options.max_steps - app.runtime.slots.free for app in apps]


async def heartbeats(clock: SkippingClock, apps: list[App], number: int) -> None:
    """Let so many thirds of a lease pass, second by second. Each time what the workers ask of the world comes to its end:
    of the time that is told, none is lost for the machine's being slow."""
    for _ in range(10 * number):
        await quiet(clock, apps)
        clock.advance("1s")
    await quiet(clock, apps)


async def quiet(clock: SkippingClock, apps: list[App]) -> None:
    """Wait until nothing is under way but the attempts at the gate."""
    for _ in range(10):
        await asyncio.sleep(0)
    while clock.held > sum(attempts(apps)):
        await asyncio.sleep(0.001)


async def until_held(apps: list[App], number: int) -> None:
    """Wait until each run is live in exactly one of the apps."""
    while True:
        times = Counter(run_id for app in apps for run_id in app.runtime.live)
        if len(times) == number and set(times.values()) == {1}:
            return
        await asyncio.sleep(0.001)
