"""An app that closes while a step is under way: the attempt is finished, with all that an attempt may do."""

import asyncio

import pytest

from outlast import App, get_run, hook, resume, start, step, workflow
from outlast.errors import NoAppError
from outlast.testing import SkippingClock
from outlast.worlds.memory import MemoryWorld

inside: asyncio.Event
closing: asyncio.Event


@pytest.fixture(autouse=True)
def fresh_events() -> None:
    global inside, closing
    inside, closing = asyncio.Event(), asyncio.Event()


@workflow(name="closing.other")
async def other() -> str:
    return "other"


@step(name="closing.acts", retries=0)
async def acts(token: str) -> str:
    inside.set()
    await closing.wait()
    await resume(token, "in time")
    return (await start(other(), idempotency_key="the other")).id


@workflow(name="closing.waits")
async def waits() -> tuple[str, str]:
    async with hook(str) as answer:
        run_id = await acts(answer.token)
        return run_id, await answer


def test_a_step_that_is_finishing_finds_its_app() -> None:
    async def main() -> None:
        world = MemoryWorld(clock := SkippingClock())
        async with world.opened():
            async with App(world=world, clock=clock):
                run = await start(waits())
                await inside.wait()
                asyncio.get_running_loop().call_soon(closing.set)  # when the app has begun to close
            with pytest.raises(NoAppError):
                await start(other())
            async with App(world=world, clock=clock):
                run_id, answer = await get_run(run.id).result("20s")
                assert answer == "in time"
                assert await get_run(run_id).result("20s") == "other"
                [recorded] = await get_run(run.id).steps()
                assert len(recorded.attempts) == 1

    asyncio.run(asyncio.wait_for(main(), 60))
