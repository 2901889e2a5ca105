"""Workflows of all sorts, for a server whose pages are looked at."""

import asyncio
from typing import Literal, Optional

from pydantic import BaseModel, Field

from outlast import hook, set_attributes, sleep, step, step_info, workflow, writable
from outlast.errors import FatalError


class Address(BaseModel):
    """Where it goes."""

    street: str = Field(min_length=2)
    city: str


class Order(BaseModel):
    """What a customer wants."""

    id: str = Field("A-1047", description="As it stands on the invoice.")
    pieces: int = Field(3, ge=1, lt=100)
    shipping: Literal["standard", "express"] = "standard"
    address: Address = Address(street="Hill Road 7", city="London")
    gift: bool = False


class Approval(BaseModel):
    """Somebody has looked at the order."""

    approved: bool
    reason: str = Field("", description="The customer will read this.")


class Leg(BaseModel):
    """A way somewhere, and perhaps on from there."""

    miles: int
    hours: float = 1.5
    fast: bool | None
    onward: Optional["Leg"] = None


@step(name="web.reserve", retries=2, backoff="50ms")
async def reserve(piece: int) -> str:
    """Fails once for the second piece."""
    await asyncio.sleep(0.02 * (piece + 1))
    if piece == 1 and step_info().attempt == 1:
        raise ConnectionError("the warehouse did not answer: 10.0.0.7:443")
    return f"piece {piece} <b>reserved</b>"


@step(name="web.charge", retries=0)
async def charge(order: Order) -> dict[str, object]:
    """Takes the money."""
    await asyncio.sleep(0.15)
    if order.pieces > 50:
        raise FatalError("the card was declined")
    return {"receipt": "R-1", "cents": order.pieces * 4990, "order": order.id}


@step(name="web.talk")
async def talk(words: str) -> str:
    """Streams an answer, as an agent does."""
    async with writable() as stream:
        for chunk in conversation(words):
            await stream.write(chunk)
    return words


@workflow(name="web.parcel")
async def parcel(address: Address) -> str:
    """Send a parcel."""
    await sleep("100ms")
    return f"sent to {address.city}"


@workflow(name="web.order")
async def order_flow(order: Order) -> str:
    """Reserve, charge, ask, and send.

    Branches run side by side; a person has the last word.
    """
    await set_attributes({"customer": "ada", "order": order.id})
    await asyncio.gather(*(reserve(n) for n in range(order.pieces)))
    await charge(order)
    await talk("Your order is paid for.")
    answer = await hook(Approval, metadata={"order": order.id, "amount": "149.70"})
    if not answer.approved:
        raise FatalError(f"declined: {answer.reason}")
    return await parcel(order.address)


@workflow(name="web.nap")
async def nap(length: str = "3 days", beside: int = 0) -> str:
    """Sleep for a while."""
    if beside:
        await asyncio.gather(*(sleep(length) for _ in range(beside)))
    await sleep(length)
    return "rested"


@step(name="web.print")
async def print_bytes(words: str) -> None:
    """Writes as programs do."""
    async with writable("raw") as out:
        await out.write(words.encode()[:3])
        await out.write(words.encode()[3:])


@step(name="web.spill", retries=0)
async def spill(length: int) -> None:
    """Fails with more words than a page takes."""
    raise FatalError("w" * length) from OSError("the disk is full")


@workflow(name="web.spills")
async def spills(length: int) -> None:
    """Fails with a group."""
    await print_bytes("grün")
    async with asyncio.TaskGroup() as group:
        group.create_task(spill(length))


@workflow(name="web.travel")
async def travel(ticket: int) -> dict[str, object]:
    """Ask where to go."""
    leg = await hook(Leg)
    return {"ticket": ticket, "leg": leg.model_dump()}


@step(name="web.tick")
async def tick(number: int) -> int:
    """Next to nothing."""
    return number


@workflow(name="web.long")
async def long_flow(steps: int) -> int:
    """A lot of steps, one after the other and side by side."""
    for number in range(0, steps, 100):
        await asyncio.gather(*(tick(n) for n in range(number, min(number + 100, steps))))
    return steps


@workflow(name="web.slow")
async def slow(steps: int) -> int:
    """One step after the other, each of which waits to be let on."""
    for number in range(steps):
        await hook(name_of(number))
        await tick(number)
    return steps


def name_of(_number: int) -> type[int]:
    """What lets it on."""
    return int


def conversation(words: str) -> list[dict[str, object]]:
    """The chunks of an answer with a tool call."""
    call = {"toolCallId": "c1", "toolName": "look_up", "input": {"order": "A-1047"}}
    output = {"toolCallId": "c1", "output": {"paid": True, "note": "<img src=x>"}}
    told: list[dict[str, object]] = [
        {"type": "text-delta", "id": "t1", "delta": f"{word} "} for word in words.split()
    ]
    return [
        {"type": "start", "messageId": "m1"},
        {"type": "tool-input-available", **call},
        {"type": "tool-output-available", **output},
        {"type": "text-start", "id": "t1"},
        *told,
        {"type": "text-end", "id": "t1"},
        {"type": "finish"},
    ]
