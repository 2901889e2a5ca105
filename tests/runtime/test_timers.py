"""Timers of asyncio's whose time has come when they are made."""

import asyncio

from outlast import App, step, workflow


@step(name="timers.double")
async def double(n: int) -> int:
    return 2 * n


@workflow(name="timers.looks_once")
async def looks_once() -> list[int]:
    task = asyncio.create_task(double(1))
    done, pending = await asyncio.wait({task}, timeout=0)
    await asyncio.sleep(1e-9)
    return [len(done), len(pending), await task]


def test_a_wait_for_no_time_at_all() -> None:
    async def main() -> list[int]:
        async with App("memory://") as app:
            return await (await app.start(looks_once())).result("10s")

    assert asyncio.run(main()) == [0, 1, 2]
