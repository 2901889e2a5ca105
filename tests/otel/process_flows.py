"""Workflows for processes whose telemetry is collected; one step tells the test that it hangs, once."""

import asyncio
import os
from pathlib import Path

from outlast import RetryableError, hook, sleep, step, workflow, writable
from tests.otel.exporting import FOLDER, flush_metrics, set_up

set_up()


def _first_time(name: str) -> bool:
    """Whether no process has come here before."""
    try:
        (Path(os.environ[FOLDER]) / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@step(name="otel.p.flaky", retries=1, backoff="50ms")
async def flaky() -> None:
    if _first_time("flaky"):
        raise RetryableError("once more")


@step(name="otel.p.threaded")
def threaded() -> None:
    """In a thread."""


@step(name="otel.p.stuck")
async def stuck() -> None:
    if _first_time("stuck"):
        flush_metrics()
        os.write(int(os.environ["TELL"]), f"{os.getpid()}\n".encode())
        await asyncio.Event().wait()


@step(name="otel.p.writes")
async def writes() -> None:
    async with writable() as out:
        for number in range(3):
            await out.write(number)


@step(name="otel.p.elsewhere", queue="otel-queue")
async def elsewhere() -> None:
    """Through the queue."""


@workflow(name="otel.p.child")
async def child() -> None:
    await threaded()


@workflow(name="otel.p.parent")
async def parent() -> str:
    await flaky()
    await child()
    await stuck()
    await writes()
    await elsewhere()
    await hook(token="otel-processes")
    await sleep(0.2)
    return "done"
