"""Workflows whose logs are kept. A change here must fit every log that is there: add, never alter."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from outlast import (
    App,
    FatalError,
    Run,
    RunFailedError,
    StepFailedError,
    hook,
    now,
    random,
    resume,
    run_info,
    set_attributes,
    sleep,
    start,
    step,
    step_info,
    uuid4,
    workflow,
)
from outlast.errors import HookExpiredError


@dataclass
class Parcel:
    number: int
    price: Decimal


@step(name="histories.price")
async def price(number: int) -> Parcel:
    return Parcel(number, Decimal("9.50") * number)


@step(name="histories.pack", retries=2, backoff="3s")
async def pack(parcel: Parcel) -> str:
    if step_info().attempt < 3:
        raise ConnectionError("the press is jammed")
    return f"parcel {parcel.number}"


@step(name="histories.slow")
async def slow() -> str:
    await asyncio.sleep(0.15)
    return "at last"


@step(name="histories.refuse")
def refuse(reason: str) -> None:
    raise FatalError(reason)


@workflow(name="histories.order")
async def order(count: int) -> list[str]:
    await set_attributes({"count": count})
    parcels = await asyncio.gather(*[price(n) for n in range(1, count + 1)])
    await sleep("2 days")
    packed = [await pack(parcel) for parcel in parcels]
    try:
        async with asyncio.timeout(60):
            await sleep("1 hour")
    except TimeoutError:
        packed.append("in time")
    packed.append(await slow())
    return packed


@workflow(name="histories.part")
async def part(outcome: str) -> str:
    match outcome:
        case "raise":
            raise LookupError("no such part")
        case "wait":
            await sleep("30 days")
    await price(1)
    return outcome


@workflow(name="histories.family")
async def family() -> list[str]:
    seen = [await part("return")]
    try:
        await part("raise")
    except RunFailedError as error:
        seen.append(str(error.__cause__))
    child = asyncio.create_task(part("wait"))
    await sleep("1m")
    child.cancel()
    detached = await start(part("wait"), run_id=f"{run_info().id}-detached")
    await sleep("1m")
    return [*seen, detached.id]


@workflow(name="histories.refused")
async def refused() -> None:
    try:
        await refuse("closed")
    except* StepFailedError:
        await price(2)
    await refuse("still closed")


@workflow(name="histories.tidy")
async def tidy() -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(sleep("30 days"))
    finally:
        await price(3)


@workflow(name="histories.drawn")
async def drawn() -> list[Any]:
    async def prices() -> AsyncIterator[Decimal]:
        for number in range(3):
            yield (await price(number)).price

    found: list[Any] = [random(), uuid4(), uuid.uuid4(), now() == datetime.now(now().tzinfo)]
    found += [one async for one in prices()]
    for first in asyncio.as_completed([price(7), price(8), price(9)]):
        found.append((await first).number)
    return found


@step(name="histories.answer")
async def answer(token: str, text: str) -> None:
    await resume(token, text, key=text)


@workflow(name="histories.asked")
async def asked() -> list[str]:
    first, second = hook(str, token="asked"), hook(str, token="asked")
    owner = await second.conflict()
    await answer(first.token, "yes")
    found = [await first, owner.id if owner else ""]
    first.dispose()
    last = hook(str, expires="1 hour", metadata={"for": "you"})
    await answer(last.token, "no")
    found.append(await last)
    try:
        found.append(await last)
    except HookExpiredError as error:
        found.append(error.hook)
    return found


async def play(app: App) -> list[Run[Any]]:
    """Start all, and do to them what is done to runs; the runs, the children too."""
    runs: list[Run[Any]] = [
        await app.start(order(2), run_id="order", attributes={"tenant": "acme"}),
        await app.start(family(), run_id="family"),
        await app.start(refused(), run_id="refused"),
        await app.start(tidy(), run_id="tidy"),
        await app.start(drawn(), run_id="drawn"),
        await app.start(part("wait"), run_id="woken"),
        await app.start(asked(), run_id="asked"),
    ]
    await runs[3].cancel("no longer needed")
    await runs[5].wake()
    for run in runs:
        await asyncio.gather(run.result(), return_exceptions=True)
    page = await app.list_runs(parent="family")
    children = sorted(page.runs, key=lambda info: info.created_at)
    return [*runs, *[app.get_run(info.id) for info in children]]
