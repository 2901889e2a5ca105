"""Workflows that are started over HTTP."""

from outlast import sleep, step, workflow


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
