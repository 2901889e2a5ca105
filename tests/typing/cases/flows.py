"""`Call[R]` and `Run[R]` carry what the workflow returns, through asyncio's tools too."""

import asyncio
from dataclasses import dataclass
from typing import reveal_type

from outlast import App, Run, get_run, list_runs, now, sleep, start, step, workflow


@dataclass
class Receipt:
    id: str


@step
async def charge(cents: int) -> Receipt:
    return Receipt(str(cents))


@workflow
async def pay(cents: int, *, note: str = "") -> Receipt:
    reveal_type(await sleep("3 days"))  # revealed: None
    reveal_type(now())  # revealed: datetime
    return await charge(cents)


@workflow(name="shop.pay_all")
async def pay_all(bills: list[int]) -> list[str]:
    one, two = await asyncio.gather(pay(1), charge(2))
    reveal_type(one)  # revealed: Receipt
    reveal_type(two)  # revealed: Receipt
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(pay(cents)) for cents in bills]
    return [task.result().id for task in tasks]


async def starting(app: App) -> None:
    call = pay(100, note="thanks")
    reveal_type(call)  # revealed: Call[Receipt]
    reveal_type(await call)  # revealed: Receipt
    run = await start(pay(100), run_id="run-1", attributes={"tenant": "acme"})
    reveal_type(run)  # revealed: Run[Receipt]
    reveal_type(await run.result())  # revealed: Receipt
    reveal_type(await run.result(timeout="1m"))  # revealed: Receipt
    reveal_type(await app.start(pay_all([1])))  # revealed: Run[list[str]]
    reveal_type(await run.status())  # revealed: RunStatus
    reveal_type(await run.cancel("no"))  # revealed: bool


async def finding() -> None:
    reveal_type(get_run("run-1"))  # revealed: Run[Any]
    page = await list_runs(workflow="pay", status="failed", limit=10)
    reveal_type(page.cursor)  # revealed: str | None
    reveal_type(page.runs[0].attributes["tenant"])  # revealed: str | int | float | bool | None


async def wrong() -> None:
    pay("100")  # error
    await start(pay)  # error
    await start(charge(1))  # error
    await start(pay(1), run="run-1")  # error
    await list_runs(state="failed")  # error
    text: str = await (await start(pay(1))).result()  # error
    print(text)


def a_run_gives_what_it_says_or_narrower(run: Run[bool]) -> Run[int]:
    return run


@workflow  # error
def no_coroutine(cents: int) -> int:
    return cents
