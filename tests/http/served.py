"""A workflow whose step stops half way until a file is there."""

import asyncio
from pathlib import Path

from outlast import step, step_info, workflow
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


@step(retries=2, backoff="10ms")
async def stumble(numbers: int, until: str) -> None:
    """Write some, fail; write other ones, fail when a file is there; and then all of them."""
    output, attempt = writable("words"), step_info().attempt
    said = {1: 3, 2: 5}.get(attempt, numbers)
    for number in range(said):
        await output.write([attempt, number])
    await output.flush()
    if attempt == 2:
        while not Path(until).exists():
            await asyncio.sleep(0.01)
    if attempt < 3:
        raise ValueError(attempt)


@step
async def close(numbers: int) -> None:
    """The last words, of another step."""
    async with writable("words") as output:
        for number in range(numbers):
            await output.write(["end", number])


@workflow
async def stumbling(numbers: int, until: str) -> None:
    await stumble(numbers, until)
    await close(2)
