"""Law 6 for streams from which nothing is taken back: what a reader has got has its index for good, however those fare
who write, and what an attempt writes comes behind all that was written before it.
"""

import asyncio
import itertools
import random
from dataclasses import dataclass
from typing import Any

from outlast import App, Run, step, step_info, workflow, writable
from outlast.errors import StreamClosedError
from outlast.streams import Rewind, Writable
from outlast.testing import Crash, Fault, SkippingClock
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Life, live

SAMPLE = 10
WORDS = 4
BEGUN = itertools.count()
REPEATED: list[tuple[int, bool]] = []


async def say(to: Writable[str], who: str) -> None:
    """Say some words; the first attempt fails in the middle."""
    begun, info = next(BEGUN), step_info()
    REPEATED.append((info.attempt, info.repeated))
    for place in range(WORDS):
        await to.write(f"{who} {begun} {place}")
        if place % 2:
            await to.flush()
        if place == 2 and info.attempt == 1:
            raise ConnectionError("lost for words")


@step(name="kept_streams.says", retries=2, backoff="2s")
async def says(to: Writable[str], who: str) -> None:
    await say(to, who)


@step(name="kept_streams.far_says", retries=2, backoff="2s", queue="default")
async def far_says(to: Writable[str], who: str) -> None:
    await say(to, who)


@step(name="kept_streams.ends")
async def ends(to: Writable[str]) -> None:
    await to.close()


@workflow(name="kept_streams.speech")
async def speech() -> str:
    to = writable("kept", type=str, keep=True)
    await asyncio.gather(says(to, "near"), far_says(to, "far"))
    await ends(to)
    return "said"


@dataclass
class Told:
    """What readers have got."""

    lives: list[Life]
    early: list[str]
    late: list[str]


def tell(make_data: MakeData, *deaths: Fault) -> Told:
    async def main() -> Told:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        lives: list[Life] = []
        async with App(world=data.world(), clock=clock, worker=False) as client:
            run = await client.start(speech(), run_id=RUN)
            reading = asyncio.create_task(read(run))
            for faults in (*[[death] for death in deaths], []):
                lives.append(await live(data, clock, result_of, faults))
                if lives[-1].ended is not None:
                    break
            return Told(lives, await reading, await read(run))

    return asyncio.run(asyncio.wait_for(main(), 60))


async def result_of(app: App) -> Any:
    return await app.get_run(RUN).result()


async def read(run: Run[Any]) -> list[str]:
    words: list[str] = []
    async for word in run.stream("kept", type=str, markers=True):
        assert not isinstance(word, Rewind)
        words.append(word)
    return words


def check(told: Told, *deaths: Fault) -> None:
    try:
        assert told.lives[-1].ended is not None
        assert told.lives[-1].ended.result == "said"
        assert told.early == told.late
        for who in ("near", "far"):
            check_speaker([word.split() for word in told.late if word.startswith(who)])
    except AssertionError as error:
        error.add_note(f"{deaths}; calls: {[life.calls for life in told.lives]}")
        raise


def check_speaker(words: list[list[str]]) -> None:
    """One attempt after the other, each from its beginning on, and the last one to its end."""
    spoken = [
        [int(place) for _, _, place in attempt]
        for _, attempt in itertools.groupby(words, key=lambda word: int(word[1]))
    ]
    assert len(spoken) >= 2
    assert all(places == list(range(len(places))) for places in spoken)
    assert len(spoken[-1]) == WORDS
    order = [int(word[1]) for word in words]
    assert order == sorted(order)


def points_of(told: Told, of: str | None = None) -> list[Crash]:
    count = len([call for call in told.lives[0].calls if of in (None, call)])
    numbers = range(1, count + 1)
    return [Crash(call=n, when=when, of=of) for n in numbers for when in ("before", "after")]


def test_what_failed_attempts_have_written_stays(make_data: MakeData) -> None:
    told = tell(make_data)

    check(told)
    assert len(told.late) == 2 * (3 + WORDS)  # what was buffered when the attempt failed, too


def test_every_write_in_memory(make_memory: MakeData, cover: Cover) -> None:
    points = points_of(tell(make_memory), "write_streams")
    for point in points:
        check(tell(make_memory, point), point)
    cover("crash points of kept streams", len(points))


def test_some_calls(make_sqlite: MakeData, cover: Cover) -> None:
    chosen = random.Random("kept streams").sample(points_of(tell(make_sqlite)), SAMPLE)
    for point in chosen:
        check(tell(make_sqlite, point), point)
    cover("crash points of kept streams", len(chosen))


def test_a_step_knows_that_its_process_died(make_memory: MakeData) -> None:
    tell(make_memory)
    REPEATED.clear()
    told = tell(make_memory, Crash(call=1, of="write_streams", when="after"))

    assert len(told.lives) == 2
    assert set(REPEATED) == {(1, False), (1, True), (2, True)}


@step(name="kept_streams.closes", retries=1, backoff="0s")
async def closes(to: Writable[str]) -> str:
    try:
        await to.write("a word")
        await to.close()
    except StreamClosedError:
        return "closed before"
    raise ConnectionError("too late")


@workflow(name="kept_streams.close")
async def close() -> str:
    return await closes(writable("kept", keep=True))


def test_what_a_failed_attempt_has_closed_stays_closed(make_data: MakeData) -> None:
    async def main() -> None:
        clock = SkippingClock(threshold=0)
        async with App(world=make_data(clock).world(), clock=clock) as app:
            run = await app.start(close())
            assert await run.result() == "closed before"
            assert [word async for word in run.stream("kept")] == ["a word"]

    asyncio.run(asyncio.wait_for(main(), 60))
