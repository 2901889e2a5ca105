"""The owner of a run beside the workers that make its dispatched steps."""

import asyncio
from collections import Counter

from outlast import App, WorkerOptions, step, step_info, workflow
from outlast.testing import FaultyWorld, Signals, SkippingClock
from outlast.worlds.memory import MemoryWorld


@step(name="dispatching.flaky", queue="elsewhere", retries=1, backoff=[0])
async def flaky() -> int:
    if step_info().attempt == 1:
        raise ConnectionError("not yet")
    return step_info().attempt


@step(name="dispatching.after", queue="elsewhere")
async def after(n: int) -> int:
    return n


@workflow(name="dispatching.one_after_the_other")
async def one_after_the_other() -> list[int]:
    return [await flaky(), await after(3)]


def test_an_owner_that_hears_late_of_a_retry_does_not_dispatch_what_is_over() -> None:
    """It reads of the retry and of the outcome in one go."""

    async def main() -> Counter[str]:
        clock = SkippingClock(threshold=0.001)
        world, done = MemoryWorld(clock), Signals()
        door = FaultyWorld(world)
        elsewhere = WorkerOptions(queues=("elsewhere",))
        async with (
            App(world=door, clock=clock) as owner,
            App(world=FaultyWorld(world), clock=clock, options=elsewhere, instruments=[done]),
        ):
            run = await owner.start(one_after_the_other())
            await done.wait_for("attempt_started")
            door.pause()
            await done.wait_for("attempt_ended", attempt=2)
            while len(await world.log.read(run.id)) < 3:
                await asyncio.sleep(0)
            door.resume()
            assert await run.result() == [2, 3]
            return Counter(
                event.data["id"] for event in await run.events() if event.kind == "step_completed"
            )

    counted = asyncio.run(asyncio.wait_for(main(), 60))
    assert counted == {"dispatching.flaky#1": 1, "dispatching.after#1": 1}
