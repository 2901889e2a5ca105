"""Law 6: a reader of a stream from index i gets exactly the chunks from i on, in order, once; live or late, and
however those fare who write.

Readers in a process of their own follow a run whose workers die at each of the calls that they make to the world.
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from outlast import App, Run, step, step_info, workflow, writable
from outlast.streams import Rewind, Writable
from outlast.testing import Crash, Fault, Repeat, SkippingClock, Unavailable
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Life, live

SAMPLE = 12
WORDS = 5


async def say(to: Writable[str], who: str, failures: int) -> None:
    """Say some words; as many attempts fail in the middle."""
    for place in range(WORDS):
        await to.write(f"{who}{place}")
        if place % 2:
            await to.flush()
        if place == 2 and step_info().attempt <= failures:
            raise ConnectionError("lost for words")


@step(name="streams.says", retries=2, backoff="2s")
async def says(to: Writable[str], who: str, failures: int = 0) -> None:
    await say(to, who, failures)


@step(name="streams.far_says", retries=2, backoff="2s", queue="default")
async def far_says(to: Writable[str], who: str, failures: int = 0) -> None:
    await say(to, who, failures)


@step(name="streams.threaded")
def threaded(to: Writable[str], who: str) -> None:
    for place in range(WORDS):
        to.write(f"{who}{place}")


@step(name="streams.silent_again")
async def begins_elsewhere(to: Writable[str]) -> None:
    await to.write("said once")
    await to.close()


@workflow(name="streams.speech")
async def speech() -> str:
    solo, chorus = writable("solo", type=str), writable("chorus", type=str)
    await says(solo, "a", 1)
    await asyncio.gather(
        says(chorus, "b", 1), far_says(chorus, "c", 1), threaded(chorus, "d"), says(chorus, "e")
    )
    await far_says(solo, "f")
    await begins_elsewhere(writable("short"))
    return "said"


SOLO = [f"{who}{place}" for who in "af" for place in range(WORDS)]
CHORUS = {who: [f"{who}{place}" for place in range(WORDS)] for who in "bcde"}


@dataclass
class Told:
    """What readers have got."""

    lives: list[Life]
    solo: list[str]
    """Live, without markers."""
    chorus: list[str]
    """Live, with markers, and what was taken back taken out."""
    late: dict[str, list[str]]


def tell(make_data: MakeData, *deaths: Fault) -> Told:
    async def main() -> Told:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        lives: list[Life] = []
        async with App(world=data.world(), clock=clock, worker=False) as client:
            run = await client.start(speech(), run_id=RUN)
            solo = asyncio.create_task(plainly(run, "solo"))
            chorus = asyncio.create_task(with_markers(run, "chorus"))
            for faults in (*[[death] for death in deaths], []):
                lives.append(await live(data, clock, result_of, faults))
                if lives[-1].ended is not None:
                    break
            told = Told(lives, await solo, await chorus, await read_late(run))
        assert lives[-1].ended is not None
        assert lives[-1].ended.result == "said", lives[-1].ended
        return told

    return asyncio.run(asyncio.wait_for(main(), 60))


async def result_of(app: App) -> Any:
    return await app.get_run(RUN).result()


async def plainly(run: Run[Any], name: str) -> list[str]:
    return [word async for word in run.stream(name, type=str)]


async def with_markers(run: Run[Any], name: str) -> list[str]:
    words: list[str] = []
    async for word in run.stream(name, type=str, markers=True):
        if isinstance(word, Rewind):
            assert 0 <= word.to_index < len(words)
            del words[word.to_index :]
        else:
            words.append(word)
    return words


async def read_late(run: Run[Any]) -> dict[str, list[str]]:
    """All streams, and each of them from every index on."""
    late: dict[str, list[str]] = {}
    for info in await run.streams():
        words = late[info.name] = [word async for word in run.stream(info.name)]
        assert info.closed
        assert info.tail == len(words) - 1
        for start in range(-len(words), len(words) + 2):
            rest = [word async for word in run.stream(info.name, start)]
            assert rest == words[start:], (info.name, start)
    return late


def check(told: Told) -> None:
    assert told.late.keys() == {"solo", "chorus", "short"}
    assert told.late["short"] == ["said once"]
    assert told.late["solo"] == told.solo == SOLO
    assert told.late["chorus"] == told.chorus
    assert len(told.chorus) == len(set(told.chorus))
    for who, words in CHORUS.items():
        assert [word for word in told.chorus if word[0] == who] == words


def test_undisturbed(make_data: MakeData) -> None:
    check(tell(make_data))


def test_every_write_in_memory(make_memory: MakeData, cover: Cover) -> None:
    """What is written to streams, and some of what is written to logs."""
    told = tell(make_memory)
    points = [*points_of(told, "write_streams"), *[*points_of(told, "commit")][::3]]
    cover("crash points of streams", try_all(make_memory, points))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_call(make_data: MakeData, cover: Cover) -> None:
    cover("crash points of streams", try_all(make_data, points_of(tell(make_data))))


def test_some_calls(make_sqlite: MakeData, cover: Cover) -> None:
    points = list(points_of(tell(make_sqlite)))
    chosen = random.Random("streams").sample(points, SAMPLE)
    cover("crash points of streams", try_all(make_sqlite, chosen))


def test_deaths_one_after_the_other(make_memory: MakeData) -> None:
    points = list(points_of(tell(make_memory)))
    chance = random.Random("pairs of streams")
    for _ in range(SAMPLE):
        pair = chance.choices(points, k=2)
        check_noted(tell(make_memory, *pair), *pair)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 8))
def test_answers_that_are_lost(make_memory: MakeData, call: int, when: Any) -> None:
    """A group that was written and not answered is written once."""
    check(tell(make_memory, Unavailable(call=call, of="write_streams", when=when)))
    check(tell(make_memory, Repeat(call=call, of="write_streams")))


BEGUN: list[str] = []


@step(name="streams.moody")
async def moody(far: str) -> None:
    """Writes elsewhere when it is begun again."""
    BEGUN.append(far)
    to = writable(f"begun {len(BEGUN)}")
    await to.write(far)
    await to.flush()


@step(name="streams.far_moody", queue="default")
async def far_moody(far: str) -> None:
    await moody.fn(far)


@workflow(name="streams.moods")
async def moods(far: str) -> None:
    await (far_moody(far) if far else moody(far))


@pytest.mark.parametrize("far", ["", "far"])
def test_what_a_dead_worker_has_left_elsewhere_is_taken_back(make_data: MakeData, far: str) -> None:
    async def main() -> list[tuple[str, int]]:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        async with App(world=data.world(), clock=clock, worker=False) as client:
            run = await client.start(moods(far), run_id=RUN)
            dead = await live(
                data, clock, result_of, [Crash(call=1, of="write_streams", when="after")]
            )
            assert dead.ended is None
            assert [info.tail for info in await run.streams()] == [0]
            await live(data, clock, result_of)
            return [(info.name, info.tail) for info in await run.streams()]

    BEGUN.clear()
    left = asyncio.run(asyncio.wait_for(main(), 60))
    assert left == [("begun 1", -1), ("begun 2", 0)]


def points_of(told: Told, of: str | None = None) -> Iterable[Crash]:
    """Before and after every call that the undisturbed process made, or every call of that name."""
    calls = [call for call in told.lives[0].calls if of in (None, call)]
    for number in range(1, len(calls) + 1):
        yield Crash(call=number, when="before", of=of)
        yield Crash(call=number, when="after", of=of)


def try_all(make_data: MakeData, points: Iterable[Crash]) -> int:
    """How many times a process died."""
    died = 0
    for point in points:
        told = tell(make_data, point)
        check_noted(told, point)
        died += len(told.lives) > 1
    assert died, "no process has died"
    return died


def check_noted(told: Told, *crashes: Crash) -> None:
    try:
        check(told)
    except AssertionError as error:
        error.add_note(f"{crashes}; calls: {[life.calls for life in told.lives]}")
        raise
