"""Workflows whose runs are looked at on their page: trouble, families, agents, and payloads of all sorts."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import (
    AgentInfo,
    DeltaThinkingCalls,
    DeltaThinkingPart,
    DeltaToolCall,
    DeltaToolCalls,
    FunctionModel,
)

from outlast import hook, run_info, sleep, step, step_info, workflow, writable
from outlast.agents import Durable, ui

LONG = "<b>" + "é" * 2_000_000
"""4 MB in UTF-8: the limit is a little above."""


class Plan(BaseModel):
    """What the trip costs, and who pays."""

    city: str = Field(description="Where it goes.")
    nights: int = Field(2, ge=1, le=30)


@dataclass(frozen=True)
class Ticket:
    """Of a class that only the server knows."""

    seat: str
    price: int


@step(name="page.search", retries=2, backoff="40ms")
async def search(what: str) -> list[Ticket]:
    """Fails once for trains."""
    await asyncio.sleep(0.03)
    if what == "trains" and step_info().attempt == 1:
        raise TimeoutError(f"no answer for {what} within 30 ms")
    return [Ticket("12A", 90), Ticket("12B", 110)]


@step(name="page.book", retries=1, backoff="30ms")
async def book(city: str) -> str:
    """Always fails."""
    await asyncio.sleep(0.04)
    try:
        pay(city)
    except ValueError as error:
        raise RuntimeError(f"nothing could be booked in {city}") from error
    return city


def pay(city: str) -> None:
    """Where the traceback leads to, before it goes on in the standard library."""
    answer: Future[None] = Future()
    answer.set_exception(ValueError(f"the card was declined in <{city}>"))
    answer.result()


@step(name="page.rate")
async def rate(hotel: str) -> int:
    """Quick."""
    return len(hotel)


async def hotels(city: str) -> list[int]:
    """A branch with branches of its own."""
    await search(f"hotels in {city}")
    return list(await asyncio.gather(*(rate(f"{city} {n}") for n in range(3))))


@workflow(name="page.trip")
async def trip(plan: Plan) -> str:
    """Search side by side, then book, which fails."""
    await asyncio.gather(search("trains"), search("flights"), hotels(plan.city))
    await sleep("60ms")
    return await book(plan.city)


@workflow(name="page.leaf")
async def leaf(number: int) -> int:
    """The second one fails."""
    if number == 1:
        await book(f"leaf {number}")
    await rate(str(number))
    return number


@workflow(name="page.family")
async def family(children: int) -> str:
    """Children of children, one of which fails; then it waits."""
    done = await asyncio.gather(*(branch(n) for n in range(children)), return_exceptions=True)
    answer = await hook(Plan, metadata={"failed": sum(isinstance(one, Exception) for one in done)})
    return f"{answer.city}, {answer.nights} nights"


@workflow(name="page.branch")
async def branch(number: int) -> int:
    """Has a child."""
    return await leaf(number)


@step(name="page.hold", retries=0)
async def hold(seconds: float) -> str:
    """Runs for a while."""
    await asyncio.sleep(seconds)
    return "held"


@step(name="page.render", queue="nobody")
async def render(scene: str) -> str:
    """On a queue that no worker serves."""
    return scene


@workflow(name="page.busy")
async def busy(seconds: float) -> str:
    """At once a step that runs, one that nobody takes, a long sleep, and a hook that expires."""
    done, _ = await asyncio.wait(
        [
            asyncio.ensure_future(hold(seconds)),
            asyncio.ensure_future(render("a forest")),
            asyncio.ensure_future(pause()),
            asyncio.ensure_future(ask()),
        ]
    )
    return str(len(done))


async def pause() -> None:
    """A long sleep."""
    await sleep("3 days")


async def ask() -> bool:
    """A hook that expires."""
    answer: bool = await hook(bool, metadata={"who": "anybody"}, expires="2 hours")
    return answer


@step(name="page.odd_values")
async def odd_values() -> dict[str, Any]:
    """What nobody expects."""
    deep: Any = "the bottom"
    for _ in range(60):
        deep = {"in": [deep]}
    return {
        "html": "<script>alert(1)</script><img src=x onerror=alert(2)>",
        "binary": bytes(range(256)),
        "deep": deep,
        "ticket": Ticket("1A", 5),
        "many": list(range(5_000)),
        "path": r"C:\new\table",
        "controls": "\u202eright to left\u202c\x1b[31m",
    }


@step(name="page.long_value")
async def long_value() -> str:
    """Nearly all that a payload may take, and a stream that is as long."""
    async with writable("big") as out:
        await out.write(LONG)
        await out.write(b"\x00\xff" * 500)
    return LONG


@step(name="page.tick")
async def tick(number: int) -> int:
    """Next to nothing."""
    return number


@workflow(name="page.long")
async def long(steps: int) -> int:
    """A lot of steps, one after the other and side by side."""
    for number in range(0, steps, 100):
        await asyncio.gather(*(tick(n) for n in range(number, min(number + 100, steps))))
    return steps


@workflow(name="page.odd")
async def odd() -> dict[str, Any]:
    """Values of all sorts, and whatever somebody hands in."""
    values = await odd_values()
    await long_value()
    await hook()
    return values


@step(name="page.speak")
async def speak(words: str) -> None:
    """Tokens, as a plain loop writes them."""
    async with writable("answer") as out:
        for word in [f"{word} " for word in words.split()] if " " in words else words:
            await out.write(word)


@workflow(name="page.plain")
async def plain(words: str) -> None:
    """An agent without any framework."""
    await speak(words)


async def clerk_says(
    messages: list[ModelMessage], _info: AgentInfo
) -> AsyncIterator[str | DeltaThinkingCalls | DeltaToolCalls]:
    """Thinks, asks for a refund, and says what came of it."""
    if not any(isinstance(one, ModelResponse) for one in messages):
        yield {0: DeltaThinkingPart(content="She has paid twice.")}
        yield {1: DeltaToolCall(name="refund", json_args='{"customer": "ada", ', tool_call_id="c1")}
        yield {1: DeltaToolCall(json_args='"cents": 1200}')}
    else:
        yield "That is "
        yield "done."


clerk = Agent(
    FunctionModel(stream_function=clerk_says), name="clerk", capabilities=[Durable(stream="events")]
)


@clerk.tool_plain(requires_approval=True)
async def refund(customer: str, cents: int) -> str:
    """Give money back."""
    return f"{cents} to {customer}"


@workflow(name="page.agent")
async def agent(request: str) -> str:
    """An agent that asks for approval."""
    result = await clerk.run(request)
    return result.output


@step(name="page.draft")
async def draft(message: str) -> None:
    """The half of a message that wants approval."""
    async with ui.message(message) as out, out.step():
        async with out.text() as write:
            await write("I would delete it.")
        await out.write(
            ui.ToolInputAvailable(
                tool_call_id="d1", tool_name="delete", input={"file": "<b>all</b>"}
            )
        )


@step(name="page.conclude")
async def conclude(message: str, approved: bool) -> None:
    """The rest of it."""
    async with ui.message(message) as out:
        if approved:
            await out.write(ui.ToolOutputAvailable(tool_call_id="d1", output={"deleted": 3}))
        else:
            await out.write(ui.ToolOutputDenied(tool_call_id="d1"))


@workflow(name="page.chat")
async def chat() -> bool:
    """A loop of one's own that asks for approval."""
    message = f"m-{run_info().id}"
    await draft(message)
    answer = await ui.approval(message, "d1")
    await conclude(message, answer.approved)
    return answer.approved
