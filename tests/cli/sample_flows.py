"""Workflows that the command line's tests run, from a copy of this file."""

import asyncio
from dataclasses import dataclass

from outlast import hook, set_attributes, sleep, step, step_info, workflow, writable


@dataclass
class CliOrder:
    id: int
    items: list[str]


@step(name="cli_reserve")
def reserve(item: str) -> str:
    return f"reserved {item}"


@step(name="cli_charge", backoff=0.01)
async def charge(order: CliOrder) -> float:
    if step_info().attempt < 2:
        raise ConnectionError("no answer")
    return 9.5 * len(order.items)


@step(name="cli_ship", retries=0)
async def ship(where: str) -> str:
    if where == "moon":
        raise ValueError("we do not ship there")
    return f"shipped to {where}"


@workflow(name="cli_notify")
async def notify(who: str) -> str:
    return f"told {who}"


@workflow(name="cli_fulfil")
async def fulfil(order: CliOrder, where: str = "Bern", *, fast: bool = False) -> dict[str, object]:
    items = await asyncio.gather(*[reserve(item) for item in order.items])
    total = await charge(order)
    shipped = await ship(where)
    await notify("bob")
    await set_attributes({"shipped": True})
    return {"total": total, "items": items, "shipped": shipped, "fast": fast, "order": order}


@workflow(name="cli_nap")
async def nap(length: str = "3 days") -> str:
    await sleep(length)
    return "rested"


@step(name="cli_say")
async def say(order: CliOrder) -> None:
    words = writable("words")
    for word in ("hello", b"\xff", order):
        await words.write(word)


@workflow(name="cli_talk")
async def talk(item: str = "pen") -> None:
    await say(CliOrder(1, [item]))


@workflow(name="cli_approve")
async def approve(order: int) -> bool:
    asked = hook(bool, token=f"order:{order}", metadata={"order": order}, expires="3 days")
    return await asked
