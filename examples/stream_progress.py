"""A step that shows how far it is, and does not repeat itself when it is retried.

Watch the reader: it has seen the first two chapters when the connection breaks. The step is tried again and writes
them anew, but the reader goes on with the third. Who reads later sees each chapter once.

    $ python examples/stream_progress.py
    reading chapter 1
    reading chapter 2
    reading chapter 3
    reading chapter 4
    read 4 chapters
    the last two again: ['chapter 3', 'chapter 4']
"""

import asyncio

from outlast import App, Run, start, step, step_info, workflow, writable
from outlast.streams import Writable

CHAPTERS = 4


@step(retries=1, backoff=0.1)
async def read_book(progress: Writable[str]) -> int:
    for chapter in range(1, CHAPTERS + 1):
        if chapter == 3 and step_info().attempt == 1:
            await progress.flush()
            raise ConnectionError("the library is closed")
        await progress.write(f"chapter {chapter}")
    return CHAPTERS


@workflow
async def study() -> int:
    progress = writable("progress", type=str)
    return await read_book(progress)


async def watch(run: Run[int]) -> None:
    async for chapter in run.stream("progress", type=str):
        print("reading", chapter)
    print(f"read {await run.result()} chapters")


async def main() -> None:
    async with App():
        run = await start(study())
        await watch(run)
        again = [chapter async for chapter in run.stream("progress", -2)]
        print("the last two again:", again)


if __name__ == "__main__":
    asyncio.run(main())
