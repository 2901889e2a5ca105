"""An app that closes: the attempt under way is finished, with all that an attempt may do; who waits is told."""

import asyncio

import pytest

from outlast import App, get_run, hook, resume, start, step, workflow
from outlast.errors import NoAppError
from outlast.testing import SkippingClock
from outlast.worlds.memory import MemoryWorld
from tests.postgres import Postgres

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


def test_whoever_waits_for_a_result_is_told_that_the_app_closed(postgres: Postgres) -> None:
    """Also who is held up by the database at that moment, as there are few connections."""

    async def main() -> list[str | BaseException]:
        async with App(postgres.url(), worker=False):
            run = await start(other())
            waiting = [asyncio.create_task(run.result()) for _ in range(20)]
            await asyncio.sleep(0)
        return await asyncio.gather(*waiting, return_exceptions=True)

    told = asyncio.run(asyncio.wait_for(main(), 60))
    assert {type(one) for one in told} == {NoAppError}
