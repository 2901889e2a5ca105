"""Three clocks: one for an attempt, one for a block of the workflow, one for whoever waits outside.

Watch what ends and what goes on. `@step(timeout=)` ends one attempt, which is then retried. `asyncio.timeout` in a workflow
is durable: it holds across a crash, and ends the step in its block. `result(timeout=)` ends the waiting only; the run
goes on.

    $ python examples/timeouts.py
    caller: not ready yet, and the run goes on
    slow_quote: attempt 1
    slow_quote: attempt 2
    best quote: nobody answered in time, took the standing offer
"""

import asyncio

from outlast import App, StepFailedError, sleep, start, step, step_info, workflow


@step(timeout="50ms", retries=1, backoff="10ms")
async def slow_quote() -> int:
    print(f"slow_quote: attempt {step_info().attempt}")
    await asyncio.sleep(60)
    return 90


@step
async def very_slow_quote() -> int:
    await asyncio.sleep(60)
    return 80


@workflow
async def best_quote() -> str:
    await sleep("300ms")
    try:
        return str(await slow_quote())
    except StepFailedError as error:
        if not isinstance(error.__cause__, TimeoutError):
            raise
    try:
        async with asyncio.timeout(0.2):
            return str(await very_slow_quote())
    except TimeoutError:
        return "nobody answered in time, took the standing offer"


async def main() -> None:
    async with App():
        run = await start(best_quote())
        try:
            await run.result(timeout="100ms")
        except TimeoutError:
            print("caller: not ready yet, and the run goes on")
        print("best quote:", await run.result())


if __name__ == "__main__":
    asyncio.run(main())
