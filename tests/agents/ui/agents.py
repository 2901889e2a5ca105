"""A chat with an agent whose model follows a script, and whose tools wait to be let go."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from outlast import workflow
from outlast.agents import StepOptions, ui

Reply: TypeAlias = str | Sequence[tuple[str, dict[str, Any]]]


@dataclass
class Script:
    """A model that gives the n-th reply to a history with n responses, word by word, and may break off."""

    replies: Sequence[Reply] = ()
    asked: list[int] = field(default_factory=list[int])
    breaks: dict[int, int] = field(default_factory=dict[int, int])
    """At which reply the model fails once, and after how many words."""

    async def stream(
        self, messages: list[ModelMessage], _info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        number = sum(isinstance(message, ModelResponse) for message in messages)
        self.asked.append(number)
        reply, left = self.replies[number], self.breaks.pop(number, 1_000)
        if not isinstance(reply, str):
            for place, (name, args) in enumerate(reply):
                json = msgspec.json.encode(args).decode()
                yield {place: DeltaToolCall(name, json, tool_call_id=f"{number}-{place}")}
            return
        for place, word in enumerate(reply.split()):
            if place == left:
                raise ModelHTTPError(503, "scripted")
            yield f"{word} "


@dataclass
class Gate:
    """Lets a tool go on, and tells what was paid."""

    paid: list[int] = field(default_factory=list)
    stumbles: int = 0
    """How often a payment fails before it is made."""
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        self.paid.clear()
        self.stumbles = 0
        self.looked, self.go = asyncio.Event(), asyncio.Event()


GATE = Gate()
SCRIPT = Script()
agent = Agent(
    FunctionModel(stream_function=SCRIPT.stream, model_name="scripted"),
    name="clerk",
    capabilities=[
        ui.ChatDurable(model_step=StepOptions(backoff=0), tool_step=StepOptions(backoff=0))
    ],
)


@agent.tool_plain(requires_approval=True)
async def pay(amount: int) -> str:
    if GATE.stumbles:
        GATE.stumbles -= 1
        raise ConnectionError("not now")
    GATE.paid.append(amount)
    return f"paid {amount}"


@agent.tool_plain
async def look(at: str) -> str:
    return f"seen {at}"


@agent.tool_plain
async def odd() -> str:
    return "half a \ud83d"


@agent.tool_plain
async def wait() -> str:
    GATE.looked.set()
    await GATE.go.wait()
    return "waited"


def follow(*replies: Reply) -> None:
    """What the model says from now on."""
    SCRIPT.replies, SCRIPT.asked, SCRIPT.breaks = replies, [], {}
    GATE.reset()


@workflow(name="chat_agents.clerk")
async def clerk(chat_id: str) -> None:
    history: list[ModelMessage] = []
    before: list[ModelMessage] = []
    async with ui.session() as session:
        async for turn in session:
            history = before = before if turn.regenerates else history
            async with session.answering(turn):
                result = await agent.run(turn.text, message_history=history)
                history = result.all_messages()


async def words(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
    for word in "ada", "bob", "eve":
        await asyncio.sleep(0)  # as a network lets others go on
        yield f"{word} "


pair = [
    Agent(FunctionModel(stream_function=words), name=name, capabilities=[ui.ChatDurable()])
    for name in ("left", "right")
]


@workflow(name="chat_agents.both")
async def both(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await asyncio.gather(*[one.run(turn.text) for one in pair])


@workflow(name="chat_agents.serve")
async def serve(turn: ui.Turn) -> list[ModelMessage]:
    history: list[ModelMessage] = await ui.history(turn) or []
    async with ui.answering(turn):
        result = await agent.run(turn.text, message_history=history)
        return result.all_messages()
