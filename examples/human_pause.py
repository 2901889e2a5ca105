"""A run that waits for a person: asleep for up to three days, woken when somebody decides.

Watch the two apps: the process that started the run may be gone; the sleeping run is a row in the database. `wake()`
ends the sleep early. What was decided is read by a step, so it is recorded like any other outcome. Without a
decision the sleep ends by itself after three days.

    $ python examples/human_pause.py
    asked for approval of 5000
    the app is closed, the run sleeps
    Ada approves
    paid 5000
"""

import asyncio
from pathlib import Path

from outlast import App, Run, get_run, sleep, start, step, workflow

DECISION = Path("decision.txt")


@step
def ask(amount: int) -> None:
    DECISION.unlink(missing_ok=True)
    print(f"asked for approval of {amount}")


@step
def read_decision() -> str | None:
    return DECISION.read_text() if DECISION.exists() else None


@step
def pay(amount: int) -> str:
    return f"paid {amount}"


@workflow
async def expense(amount: int) -> str:
    await ask(amount)
    await sleep("3 days")
    if await read_decision() == "yes":
        return await pay(amount)
    return "not approved in time"


async def request() -> str:
    async with App():
        run = await start(expense(5000))
        await until_asked(run)
    print("the app is closed, the run sleeps")
    return run.id


async def until_asked(run: Run[str]) -> None:
    async for event in run.follow():
        if event.kind == "step_completed":
            return


async def approve(run_id: str) -> None:
    async with App():
        run = get_run(run_id)
        print("Ada approves")
        await run.wake()
        print(await run.result())


if __name__ == "__main__":
    run_id = asyncio.run(request())
    DECISION.write_text("yes")
    asyncio.run(approve(run_id))
    DECISION.unlink()
