"""Payloads wake runs with the commit that records them, and go straight to those that are live."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outlast import App, WorkerOptions, hook, resume, start, workflow
from outlast._clock import SECOND, Micros
from outlast._model.runs import RunRecord, RunStatus
from outlast._runtime.awaking import BUNCH, PATIENCE, Awaking
from outlast.instrument import Instrument
from outlast.testing.conformance import SettableClock
from outlast.world import ClaimedRun, StoredEvent


class Commits(Instrument):
    """Counts commits, and notes who was claimed."""

    def __init__(self) -> None:
        self.number = 0
        self.claims: list[int] = []

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        self.number += 1

    def run_claimed(self, run_id: str, epoch: int) -> None:
        self.claims.append(epoch)


@workflow(name="waking.two")
async def two(token: str) -> list[int]:
    async with hook(token=token) as given:
        return [await given, await given]


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/test.db"


def test_what_wakes_a_run_also_claims_it(url: str) -> None:
    async def main() -> None:
        commits = Commits()
        options = WorkerOptions(linger=0)
        async with App(url, options=options, instruments=(commits,)) as app:
            run = await start(two("T"))
            await _asleep(app, run.id)
            before = commits.number
            await resume("T", 1)
            record = await app.runtime.world.listing.get(run.id)
            assert record is not None
            assert record.epoch == 2
            await _asleep(app, run.id)
            await resume("T", 2)
            assert await run.result("20s") == [1, 2]
        assert commits.claims == [1, 2, 3]
        assert commits.number == before + 4  # a payload, asleep again, a payload, the end

    asyncio.run(main())


def test_a_long_log_is_read_to_its_end(url: str) -> None:
    """What comes with a claim is only the beginning of a log."""

    async def main() -> list[int]:
        async with App(url, options=WorkerOptions(linger=0)) as app:
            run = await start(many("M", 250))
            for number in range(250):
                await _opened(app, "M")
                await resume("M", number)
            await _asleep(app, run.id)
            await resume("M", 250)
            return await run.result("20s")

    assert asyncio.run(main()) == list(range(251))


@workflow(name="waking.many")
async def many(token: str, count: int) -> list[int]:
    async with hook(token=token) as given:
        return [await given for _ in range(count + 1)]


def test_a_live_run_is_given_the_payload(url: str) -> None:
    """Without a commit that fetches it."""

    async def main() -> int:
        commits = Commits()
        options = WorkerOptions(linger="60s")
        async with App(url, options=options, instruments=(commits,)) as app:
            run = await start(two("T"))
            await _opened(app, "T")
            before = commits.number
            await resume("T", 1)
            await resume("T", 2)
            assert await run.result("20s") == [1, 2]
            assert [event.kind for event in await run.events()][-3:] == [
                "hook_received",
                "hook_received",
                "run_completed",
            ]
            assert commits.claims == [1]
            return commits.number - before

    assert asyncio.run(main()) in (
        3,
        4,
    )  # two payloads, and the end, with which the hook may have gone


def test_followers_hear_also_what_nobody_takes_up(url: str) -> None:
    async def main() -> None:
        async with App(url, worker=False):
            run = await start(two("T"))
            following = run.follow()
            assert (await anext(following)).kind == "run_created"
            asked = asyncio.ensure_future(anext(following))
            await run.cancel("nobody is there")
            assert (await asyncio.wait_for(asked, 20)).kind == "cancel_requested"

    asyncio.run(main())


async def _asleep(app: App, run_id: str) -> None:
    """Until the run is suspended, and the app has heard of that commit."""
    async with asyncio.timeout(20):
        while True:
            record = await app.runtime.world.listing.get(run_id)
            suspended = record is not None and record.status is RunStatus.SUSPENDED
            if suspended and run_id not in app.runtime.live:
                return
            await asyncio.sleep(0.005)


async def _opened(app: App, token: str) -> None:
    async with asyncio.timeout(20):
        while await app.runtime.world.listing.hook(token) is None:
            await asyncio.sleep(0.005)


class Waking:
    """Awaking with a clock that is set, and a note of who came to life."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.delivering = False
        self.came: list[str] = []
        self.soon: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.awaking = Awaking(
            self.clock,
            delivering=lambda: self.delivering,
            call_soon=self.call_soon,
            adopt=lambda claimed: self.came.append(claimed.run.id),
        )

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        self.soon.append((callback, arguments))

    def turn(self) -> None:
        soon, self.soon = self.soon, []
        for callback, arguments in soon:
            callback(*arguments)


def claimed(run_id: str) -> ClaimedRun:
    record = RunRecord(
        id=run_id,
        workflow="flow",
        status=RunStatus.RUNNING,
        version="1",
        queue="default",
        priority=0,
        attributes={},
        due_at=1,
        epoch=1,
        worker="worker",
        position=1,
        recoveries=0,
        created_at=0,
    )
    return ClaimedRun(run=record, events=(StoredEvent(0, 0, "run_created", b"{}"),))


def test_runs_come_to_life_in_bunches() -> None:
    waking = Waking()
    names = [f"run-{n}" for n in range(BUNCH + 3)]
    for name in names:
        waking.awaking.add(claimed(name))
    waking.turn()
    waking.turn()
    assert waking.came == names[:BUNCH]
    waking.turn()
    assert (waking.came, waking.awaking.run_ids) == (names, [])


def test_runs_give_way_to_payloads_for_a_while() -> None:
    waking = Waking()
    waking.delivering = True
    waking.awaking.add(claimed("a"))
    waking.turn()
    waking.clock.move(PATIENCE - SECOND // 100)
    waking.turn()
    assert (waking.came, waking.awaking.run_ids) == ([], ["a"])
    waking.clock.move(SECOND // 50)
    waking.turn()
    waking.turn()
    assert waking.came == ["a"]


def test_nothing_comes_to_life_after_closing() -> None:
    waking = Waking()
    waking.awaking.add(claimed("a"))
    waking.awaking.close()
    waking.turn()
    waking.turn()
    assert waking.came == []
