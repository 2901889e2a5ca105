"""Workflows whose runs are hard to draw: long names, bytes, waits that give way to work."""

import asyncio

from outlast import hook, step, workflow, writable

LONG = "web." + "a_name_without_end_" * 5


@step(name="web.write")
async def write() -> None:
    """More chunks than a page has room for, and some bytes."""
    async with writable("numbers") as out:
        for number in range(200):
            await out.write({"number": number})
    async with writable("raw") as raw:
        await raw.write(b"\x00\x01\xff")


@step(name="web.again", retries=1, backoff="1 hour")
async def again() -> None:
    """Fails, and is made again much later."""
    raise OSError("not yet")


@step(name="web.work")
async def work() -> None:
    """As long as it takes to be seen."""
    await asyncio.sleep(2)


@workflow(name=LONG)
async def long_name() -> None:
    """Writes."""
    await write()


@workflow(name="web.retries")
async def retries() -> None:
    """Waits for its next attempt."""
    await again()


@workflow(name="web.waits")
async def waits() -> None:
    """Waits, then works."""
    await hook(bool)
    await work()
    await hook(bool)
