"""Asynchronous generators of models, such as streams of events, end wherever they are let go of."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

from outlast import App, start, step, workflow


@step(name="generators.nothing")
async def nothing() -> None:
    pass


@workflow(name="generators.workflow")
async def one_step() -> None:
    await nothing()


def test_a_generator_that_another_thread_lets_go_of_is_closed() -> None:
    closed = threading.Event()

    async def events() -> AsyncGenerator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.set()

    async def main() -> None:
        async with App("memory://"):
            await (await start(one_step())).result()
            held: list[Any] = [events()]
            assert await anext(held[0]) == 1
            await asyncio.to_thread(held.clear)  # as the garbage collector does, in any thread
            async with asyncio.timeout(30):
                while not closed.is_set():
                    await asyncio.sleep(0)

    asyncio.run(main())
