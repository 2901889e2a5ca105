"""What a worker says while the world cannot be used: once that it cannot, and once that it can again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from outlast import App, sleep, step, workflow, writable
from outlast.testing import FaultyWorld, SkippingClock, Unavailable
from outlast.worlds.memory import MemoryWorld

T = TypeVar("T")


@workflow(name="outages.sleeper")
async def sleeper() -> str:
    for _ in range(20):
        await sleep("10 seconds")
    return "rested"


@step(name="outages.says")
async def says(number: int) -> None:
    await writable().write(number)


@workflow(name="outages.talker")
async def talker() -> None:
    for number in range(3):
        await says(number)
        await sleep("10 seconds")


async def collected(values: AsyncIterator[T]) -> list[T]:
    return [value async for value in values]


def test_an_outage_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        clock = SkippingClock()
        world = FaultyWorld(MemoryWorld(clock))
        async with App(world=world, clock=clock) as app:
            run = await app.start(sleeper())
            world.inject(
                *[Unavailable(call=1, times=8, of=of) for of in ("claim", "renew", "reap")]
            )
            return await run.result()

    with caplog.at_level(logging.WARNING, logger="outlast"):
        assert asyncio.run(main()) == "rested"
    said = [record.getMessage().partition(";")[0] for record in caplog.records]
    assert said == ["the world cannot be used for now", "the world can be used again"]
    assert not any(record.exc_info for record in caplog.records)


def test_what_cannot_be_written_is_told_when_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    """Where only writing fails, as on a full disk, nothing else would say why nothing moves."""

    async def main() -> str:
        clock = SkippingClock()
        world = FaultyWorld(MemoryWorld(clock))
        async with App(world=world, clock=clock) as app:
            run = await app.start(sleeper())
            world.inject(Unavailable(call=1, times=3, of="commit"))
            world.inject(Unavailable(call=6, times=6, of="commit"))
            return await run.result()

    with caplog.at_level(logging.WARNING, logger="outlast"):
        assert asyncio.run(main()) == "rested"
    said = [record.getMessage().partition(";")[0] for record in caplog.records]
    assert said == ["nothing can be written for now", "what waited to be written is written"]


def test_those_who_wait_for_results_wait_on() -> None:
    async def main() -> str:
        clock = SkippingClock()
        inner = MemoryWorld(clock)
        asked = FaultyWorld(inner)
        async with App(world=asked, clock=clock, worker=False) as app:
            run = await app.start(sleeper())
            asked.inject(Unavailable(call=1, times=6, of="ended"))
            waiting = asyncio.create_task(run.result())
            with pytest.raises(TimeoutError):  # which holds in an outage, too
                await run.result(timeout="1 second")
            asked.inject(*[Unavailable(call=1, times=2, of=of) for of in ("get", "read")])
            async with App(world=FaultyWorld(inner), clock=clock):
                return await waiting

    assert asyncio.run(main()) == "rested"


def test_those_who_follow_a_run_or_a_stream_wait_on() -> None:
    async def main() -> tuple[list[int], list[str]]:
        clock = SkippingClock()
        inner = MemoryWorld(clock)
        asked = FaultyWorld(inner)
        async with App(world=asked, clock=clock, worker=False) as app:
            run = await app.start(talker())
            asked.inject(
                *[Unavailable(call=2, times=3, of=of) for of in ("get", "read", "read_stream")]
            )
            reading = asyncio.create_task(collected(run.stream()))
            following = asyncio.create_task(collected(run.follow()))
            async with App(world=FaultyWorld(inner), clock=clock):
                return await reading, [event.kind for event in await following]

    values, kinds = asyncio.run(main())
    assert values == [0, 1, 2]
    assert kinds[0] == "run_created"
    assert kinds[-1] == "run_completed"


def test_stopping_in_an_outage_is_told_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock = SkippingClock()
        world = FaultyWorld(MemoryWorld(clock))
        async with App(world=world, clock=clock):
            world.inject(Unavailable(call=1, times=99, of="unregister"))

    with caplog.at_level(logging.WARNING, logger="outlast"):
        asyncio.run(main())
    (record,) = caplog.records
    assert record.getMessage().startswith("the worker could not unregister; its lease will end: ")
    assert record.exc_info is None
