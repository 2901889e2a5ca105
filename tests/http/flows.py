"""Workflows that are started over HTTP."""

from outlast import hook, sleep, step, workflow
from outlast.streams import writable


@step
async def double(number: int) -> int:
    return 2 * number


@workflow(name="http_twice")
async def twice(number: int, *, times: int = 2) -> int:
    """Double a number some times."""
    for _ in range(times):
        number = await double(number)
    return number


@workflow(name="http_nap")
async def nap(length: str = "1 hour") -> str:
    await sleep(length)
    return "awake"


@step
async def tell(numbers: int, name: str) -> None:
    async with writable(name) as output:
        for number in range(numbers):
            await output.write({"n": number})
        await output.write(b"\x00raw")


@workflow(name="http_tell")
async def telling(numbers: int, name: str = "default") -> None:
    await tell(numbers, name)


@workflow(name="http_ask")
async def ask(token: str) -> int:
    async with hook(int, token=token, metadata={"who": "ada"}) as answer:
        return await answer + await answer
