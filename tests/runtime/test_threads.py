"""`def` steps, which share a few threads."""

import asyncio
import threading

from outlast import App, WorkerOptions, step, workflow

turns = threading.Semaphore(0)


@step(name="threads.take_turn", retries=0, timeout="400ms")
def take_turn() -> int:
    turns.acquire(timeout=0.25)
    return 1


@workflow(name="threads.take_turns")
async def take_turns(times: int) -> list[int]:
    return await asyncio.gather(*(take_turn() for _ in range(times)))


def test_waiting_for_a_thread_does_not_count_for_the_timeout() -> None:
    """Three attempts one after another in one thread take longer than the timeout of each."""

    async def main() -> list[int]:
        async with App("memory://", options=WorkerOptions(max_threads=1)) as app:
            return await (await app.start(take_turns(3))).result("10s")

    assert asyncio.run(main()) == [1, 1, 1]
