"""A workflow whose step stops half way until a file is there."""

import asyncio
from pathlib import Path

from outlast import step, workflow
from outlast.streams import writable


@step
async def write(numbers: int) -> None:
    async with writable() as output:
        for number in range(numbers):
            if number == 10:
                await output.flush()
                while not Path("go").exists():
                    await asyncio.sleep(0.01)
            await output.write(number)


@workflow
async def count(numbers: int) -> None:
    await write(numbers)
