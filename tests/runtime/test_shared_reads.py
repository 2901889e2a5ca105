"""Readers of streams that share looks at the world."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from outlast._runtime.followers import Followers
from outlast._runtime.shared_reads import SharedReads
from outlast.errors import WorldError
from outlast.world import Chunk, StreamAnswer, StreamBatch, StreamPage, StreamRead, StreamState

RUN = "run"
FIRST = StreamRead(run_id=RUN, name="default", start=0, epoch=0)


class OneStream:
    """A stream that grows by hand, and counts how often it is read."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.reads = 0
        self.error: Exception | None = None

    async def read(self, request: StreamRead) -> StreamPage | None:
        await asyncio.sleep(0)
        self.reads += 1
        if self.error is not None:
            raise self.error
        return StreamPage(
            start=request.start,
            chunks=tuple(self.chunks[request.start :]),
            tail=len(self.chunks),
            epoch=0,
            rewound_to=None,
            over=False,
        )

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        raise NotImplementedError

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        raise NotImplementedError


class NoNews:
    """Nobody else writes."""

    def mark(self) -> int:
        return 0

    async def changed(self, mark: int) -> int:
        await asyncio.Event().wait()
        return mark


class Reading:
    """The stream, and what reads it."""

    def __init__(self) -> None:
        self.stream, self.followers = OneStream(), Followers(NoNews())
        self.shared = SharedReads(self.stream, self.followers)

    def write(self) -> None:
        """One chunk more."""
        self.stream.chunks.append(Chunk(b"1"))
        self.followers.tell(RUN)

    async def waiters(self, number: int) -> "list[asyncio.Task[StreamPage | None]]":
        """So many that have looked once, and wait."""
        tasks = [asyncio.ensure_future(self.shared.news(FIRST)) for _ in range(number)]
        while not self.stream.reads:
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks


def played(scenario: Callable[[Reading], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await scenario(Reading())

    asyncio.run(main())


def test_all_who_wait_for_the_same_get_the_same_page_from_one_read() -> None:
    async def scenario(reading: Reading) -> None:
        tasks = await reading.waiters(100)
        assert reading.stream.reads == 1
        reading.write()
        pages = await asyncio.gather(*tasks)
        assert reading.stream.reads == 2
        assert {id(page) for page in pages} == {id(pages[0])}
        assert pages[0] is not None
        assert len(pages[0].chunks) == 1

    played(scenario)


def test_who_is_a_little_late_goes_on_with_the_others() -> None:
    async def scenario(reading: Reading) -> None:
        tasks = await reading.waiters(2)
        reading.write()
        pages = await asyncio.gather(*tasks)
        reading.write()
        late = await reading.shared.news(FIRST)
        assert late is pages[0]
        fresh = await reading.shared.read(FIRST)
        assert fresh is not None
        assert len(fresh.chunks) == 2, "who begins gets all that there is"

    played(scenario)


def test_one_reader_alone_waits_for_nobody() -> None:
    async def scenario(reading: Reading) -> None:
        (task,) = await reading.waiters(1)
        reading.write()
        await task
        reading.write()
        again = await reading.shared.news(FIRST)
        assert again is not None
        assert len(again.chunks) == 2

    played(scenario)


def test_nobody_looks_any_more_when_all_have_gone() -> None:
    async def scenario(reading: Reading) -> None:
        tasks = await reading.waiters(2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    played(scenario)


def test_all_are_told_that_it_cannot_be_read() -> None:
    async def scenario(reading: Reading) -> None:
        tasks = await reading.waiters(2)
        reading.stream.error = WorldError("memory://", "it is gone")
        reading.write()
        for task in tasks:
            with pytest.raises(WorldError, match="it is gone"):
                await task

    played(scenario)
