"""Workflows whose steps tell the test by a pipe that they were begun, and wait for a file."""

import asyncio
import os
import threading
from pathlib import Path

from outlast import sleep, step, workflow


def tell(what: str) -> None:
    os.write(int(os.environ["TELL"]), f"{what}\n".encode())


@step
async def first() -> str:
    tell("first")
    return "1"


@step
async def second(go: str) -> str:
    tell("second")
    while not Path(go).exists():
        await asyncio.sleep(0.005)
    return "2"


@step
async def third() -> str:
    tell("third")
    return "3"


@workflow
async def three_steps(go: str) -> str:
    return await first() + await second(go) + await third()


@workflow
async def one_step(go: str) -> str:
    return await second(go)


@workflow
async def nap() -> str:
    await sleep("3 days")
    return "rested"


@step
def hang() -> None:
    tell("hang")
    threading.Event().wait()


@workflow
async def hung() -> None:
    await hang()
