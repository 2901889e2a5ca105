"""Law 5: a payload that was acknowledged is delivered exactly once, in order, however the owner fares.

Somebody outside hands in payloads one after the other, and again, with the same key, what was not acknowledged. The
process dies at every call to the world that either side makes; whoever comes next goes on.
"""

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any, Final

import pytest

from outlast import App, WorkerOptions, hook, resume, sleep, step, workflow
from outlast._clock import SECOND, sleep_until
from outlast._codec import decode_event
from outlast._model.events import HookExpired, HookReceived
from outlast._model.runs import TERMINAL
from outlast.errors import HookExpiredError, HookNotFoundError
from outlast.testing import Crash, Repeat, Unavailable
from tests.laws.checks import check_story
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Log, Story, tell
from tests.laws.programs.flows import takes_payloads
from tests.laws.test_processes import Worker
from tests.laws.test_processes import scenario as play_with

PAYLOADS: Final = 4
TOKEN: Final = "order:7"  # noqa: S105 - one that everybody may know


@step(name="hooks.work")
async def work(value: int) -> int:
    return value


@workflow
async def takes_steps() -> list[int]:
    """Works on each payload; meanwhile the next ones are kept."""
    taken: list[int] = []
    async with hook(int, token=TOKEN) as one:
        async for value in one:
            taken.append(await work(value))
            if len(taken) == PAYLOADS:
                break
    return taken


@workflow
async def takes_with_sleeps() -> list[int]:
    """Suspends between payloads."""
    one = hook(int, token=TOKEN)
    taken: list[int] = []
    for _ in range(PAYLOADS):
        await sleep("5s")
        taken.append(await one)
    return taken


@workflow
async def races() -> list[int]:
    """Each payload wins against a day; what comes then is time's."""
    taken: list[int] = []
    one = hook(int, token=TOKEN)
    while len(taken) < PAYLOADS:
        async with asyncio.timeout(86_400):
            taken.append(await one)
    try:
        async with asyncio.timeout(3_600):
            await one
    except TimeoutError:
        one.dispose()
    return taken


@workflow
async def expiring() -> list[int]:
    taken: list[int] = []
    one = hook(int, token=TOKEN, expires="1h")
    try:
        while True:
            taken.append(await one)
    except HookExpiredError:
        return [*taken, -1]


FLOWS: Final = {"steps": takes_steps, "sleeps": takes_with_sleeps, "races": races}


class Sender:
    """Somebody outside, who lives longer than the processes that he talks to."""

    def __init__(self, flow: str, *, first: bool = False) -> None:
        self.flow = flow
        self.first = first
        """Whether the first payload comes with the start."""
        self.acknowledged = 0

    async def play(self, app: App) -> Any:
        call = FLOWS[self.flow]()
        if self.first:
            run = await app.start(call, run_id=RUN, token=TOKEN, payload=0)
            self.acknowledged = max(self.acknowledged, 1)
        else:
            run = await app.start(call, run_id=RUN)
        while self.acknowledged < PAYLOADS:
            await self.send(app, self.acknowledged)
            self.acknowledged += 1
        return await run.result()

    async def send(self, app: App, value: int) -> None:
        """Until it is acknowledged; or the run is over, which it is not without the payload."""
        while True:
            try:
                await resume(TOKEN, value, key=f"payload-{value}")
            except HookNotFoundError:
                if await app.get_run(RUN).status() in TERMINAL:
                    return
                # It has not been opened yet. The clock is to skip to the end of a dead owner's lease.
                clock = app.runtime.clock
                await sleep_until(clock, clock.now() + SECOND)
            else:
                return


def received(log: Log) -> list[str | None]:
    return [logged.event.key for logged in log if isinstance(logged.event, HookReceived)]


def check(story: Story, sender: Sender) -> None:
    check_story(story)
    assert story.ended.result == list(range(PAYLOADS)), story.ended
    keys = [f"payload-{number}" for number in range(PAYLOADS)]
    assert received(story.logs[RUN]) == ([None, *keys[1:]] if sender.first else keys)
    assert sender.acknowledged == PAYLOADS


def play(make_data: MakeData, flow: str, *faults: Any, first: bool, options: Any = None) -> Story:
    sender = Sender(flow, first=first)
    story = tell(make_data, sender.play, *[[fault] for fault in faults], options=options)
    check(story, sender)
    return story


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("flow", FLOWS)
def test_undisturbed(make_data: MakeData, flow: str, first: bool) -> None:
    play(make_data, flow, first=first)
    play(make_data, flow, first=first, options=WorkerOptions(linger=0, verify_replay=True))


@pytest.mark.parametrize("flow", FLOWS)
def test_each_tenth_call_in_memory(make_memory: MakeData, flow: str, cover: Cover) -> None:
    assert try_calls(make_memory, flow, cover, each=10) > 9


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("flow", FLOWS)
def test_every_call(make_data: MakeData, flow: str, cover: Cover) -> None:
    assert try_calls(make_data, flow, cover, each=1) > 40


def try_calls(make_data: MakeData, flow: str, cover: Cover, *, each: int) -> int:
    """How many of the crash points the process died at."""
    died = 0
    for call in itertools.count(random.Random(flow).randint(1, each), each):
        stories = [
            play(make_data, flow, Crash(call=call, when=when), first=first)
            for when in ("before", "after")
            for first in (True, False)
        ]
        died += sum(len(story.lives) > 1 for story in stories)
        if all(len(story.lives) == 1 for story in stories):
            break
    cover("crash points of hooks", died)
    return died


@pytest.mark.parametrize("flow", FLOWS)
def test_some_commits_elsewhere(make_sqlite: MakeData, flow: str) -> None:
    for call in random.Random(flow).sample(range(1, 9), 3):
        for when in ("before", "after"):
            play(make_sqlite, flow, Crash(call=call, of="commit", when=when), first=call % 2 == 0)


@pytest.mark.parametrize("flow", FLOWS)
def test_two_deaths(make_memory: MakeData, flow: str) -> None:
    chance = random.Random(flow)
    for _ in range(15):
        crashes = [
            Crash(call=chance.randint(1, 12), when=chance.choice(("before", "after")))
            for _ in range(2)
        ]
        play(make_memory, flow, *crashes, first=chance.random() < 0.5)


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize("flow", FLOWS)
def test_answers_that_are_lost(make_data: MakeData, flow: str, call: int) -> None:
    """A commit that is tried again delivers once, and opens once."""
    faults = (
        Unavailable(call=call, of="commit"),
        Unavailable(call=call, of="commit", when="after"),
        Repeat(call=call, of="commit"),
    )
    play(make_data, flow, faults[call % 3], first=call % 2 == 0)
    play(make_data, flow, faults[(call + 1) % 3], first=call % 2 == 1)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 14))
def test_an_expiry_survives_the_owner(make_memory: MakeData, call: int, when: Any) -> None:
    """What came before it is taken first, and nothing is accepted after it."""

    async def script(app: App) -> Any:
        run = await app.start(expiring(), run_id=RUN, token=TOKEN, payload=1)
        return await run.result()

    story = tell(make_memory, script, [Crash(call=call, when=when)])
    check_story(story)
    assert story.ended.result == [1, -1]
    (expired,) = [one for one in story.logs[RUN] if isinstance(one.event, HookExpired)]
    assert expired.at >= expired.event.deadline  # type: ignore[union-attr]


def test_a_worker_dies_between_acknowledgement_and_wake(tmp_path: Path) -> None:
    """Real processes: each payload is acknowledged while one worker holds the run, which is killed at once."""

    async def scenario(app: App) -> None:
        run = await app.start(takes_payloads(3), run_id=RUN)
        for number in range(3):
            # A worker that is killed before it takes the payload has recorded no progress.
            async with Worker(tmp_path, recovery_limit=4) as worker:
                await worker.tells("worker_started")
                while not (await app.list_hooks(RUN)).hooks:
                    await asyncio.sleep(0.01)
                await resume("numbers", number, key=f"{number}")
                await worker.kill()
        async with Worker(tmp_path, recovery_limit=4):
            assert await run.result() == [0, 1, 2]
        log = [decode_event(one) for one in await app.runtime.world.log.read(RUN)]
        assert received(tuple(log)) == ["0", "1", "2"]

    play_with(tmp_path, scenario)
