"""Workflows for the tests that kill processes. What a step does is witnessed in a file, beside the log."""

import asyncio
import os
import signal
from pathlib import Path

from outlast import hook, step, step_info, workflow, writable
from outlast.streams import Writable

WITNESS = "OUTLAST_WITNESS"
"""The environment variable that names the file."""


def testify() -> int:
    """Write a line that this step begins; atomic, and there when the process is not. Gives how often it has begun."""
    line = f"{step_info().id}\n"
    descriptor = os.open(os.environ[WITNESS], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
    return Path(os.environ[WITNESS]).read_text().count(line)


@step
async def pick(row: int, place: int) -> int:
    """Takes a while."""
    testify()
    await asyncio.sleep(0.01)
    return row * place


@step
async def slow_at_first() -> int:
    """Takes for ever when it is begun for the first time."""
    times = testify()
    if times == 1:
        print("slow_at_first has begun", flush=True)
        await asyncio.get_running_loop().create_future()
    return times


@step(queue="far")
async def far_slow_at_first() -> int:
    """The same, for the workers of another queue."""
    times = testify()
    if times == 1:
        print("slow_at_first has begun", flush=True)
        await asyncio.get_running_loop().create_future()
    return times


@step(queue="far")
async def far_pick(row: int, place: int) -> int:
    """Takes a while, in another process."""
    testify()
    await asyncio.sleep(0.01)
    return row * place


@step(queue="far", retries=0)
async def far_deadly() -> None:
    """Takes the process of its worker with it."""
    testify()
    os.kill(os.getpid(), signal.SIGKILL)


@step(retries=0)
async def deadly() -> None:
    """Takes its process with it."""
    testify()
    os.kill(os.getpid(), signal.SIGKILL)


@workflow
async def harvest(row: int, places: int) -> int:
    return sum([await pick(row, place) for place in range(places)])


@workflow
async def one_slow() -> list[int]:
    return [await pick(1, 1), await slow_at_first(), await pick(1, 2)]


@workflow
async def one_far() -> list[int]:
    return [await pick(1, 1), await far_slow_at_first(), await pick(1, 2)]


@workflow
async def far_harvest(row: int, places: int) -> int:
    return sum(await asyncio.gather(*[far_pick(row, place) for place in range(places)]))


@workflow
async def kills_far_workers() -> None:
    await far_deadly()


@workflow
async def kills_its_worker() -> None:
    await deadly()


@step
async def streams_till_killed(to: Writable[int], count: int) -> int:
    """Writes numbers; when it is begun for the first time, it goes on for ever."""
    times = testify()
    for number in range(count):
        await to.write(number)
    if times > 1:
        return times
    await to.flush()
    print("stream is half way", flush=True)
    while True:
        await to.write(-1)


@workflow
async def streams() -> int:
    return await streams_till_killed(writable("numbers", type=int), 3_000)


@step
async def note(value: int) -> int:
    testify()
    return value


@workflow
async def takes_payloads(count: int) -> list[int]:
    """Notes each payload of a hook."""
    numbers = hook(int, token="numbers")
    return [await note(await numbers) for _ in range(count)]
