"""The agents that are measured. Their models follow a script, and their tools do next to nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from outlast import sleep, step, workflow
from outlast.agents import Durable, ui

ANSWER = (
    "It is done, as you have asked: all six are looked up, and nothing is wrong with them. " * 3
)
REQUESTS, CALLS = 4, 6
"""Of a model, and of tools, in a turn."""
A_SECOND = 50
"""Tokens, in a chat."""


def work(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Three times two tools at once, then a text."""
    asked = _asked(messages)
    if asked == REQUESTS - 1 or not info.function_tools:
        return ModelResponse(parts=[TextPart(ANSWER)])
    return ModelResponse(parts=[ToolCallPart("look_up", *call) for call in _calls(asked)])


async def stream_work(
    messages: list[ModelMessage], _: AgentInfo
) -> AsyncIterator[str | DeltaToolCalls]:
    """The same, word for word."""
    asked = _asked(messages)
    if asked < REQUESTS - 1:
        for place, (args, call_id) in enumerate(_calls(asked)):
            yield {place: DeltaToolCall("look_up", json.dumps(args), tool_call_id=call_id)}
        return
    for word in ANSWER.split(" "):
        yield word + " "


def _asked(messages: list[ModelMessage]) -> int:
    """How many requests there were in this turn."""
    return next(n for n, one in enumerate(reversed(messages)) if _begins_turn(one)) // 2


def _begins_turn(message: ModelMessage) -> bool:
    return any(part.part_kind == "user-prompt" for part in message.parts)


def _calls(asked: int) -> list[tuple[dict[str, Any], str]]:
    return [({"number": n}, f"call_{asked}_{n}") for n in range(CALLS // (REQUESTS - 1))]


async def tokens(count: int) -> AsyncIterator[str]:
    """Tokens that are the times at which they were made, as evenly as a model gives them."""
    began = perf_counter()
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / A_SECOND - perf_counter()))
        yield f"{time.time():.6f} "


async def tick(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator[str]:
    """A model that gives as many as it is asked for."""
    asked: Any = messages[-1].parts[-1]
    async for token in tokens(int(asked.content)):
        yield token


def agent_of(*capabilities: Durable[Any], name: str) -> Agent[None, str]:
    """An agent that works."""
    model = FunctionModel(work, stream_function=stream_work)
    agent = Agent(model, name=name, capabilities=capabilities)

    @agent.tool_plain
    async def look_up(number: int) -> dict[str, int | bool]:
        return {"number": number, "ok": True}

    return agent


plain = agent_of(name="plain")
durable = agent_of(Durable(), name="durable")
chatty = agent_of(ui.ChatDurable(), name="chatty")
talking = Agent(FunctionModel(work), name="talking", capabilities=[Durable()])
plainly_talking = Agent(FunctionModel(work), name="plainly_talking")
ticking = Agent(
    FunctionModel(stream_function=tick), name="ticking", capabilities=[ui.ChatDurable()]
)


@workflow(name="bench.agent_turn")
async def agent_turn(prompt: str) -> str:
    """One turn of an agent."""
    return (await durable.run(prompt)).output


@workflow(name="bench.agent_session")
async def agent_session(turns: int) -> int:
    """So many turns of one conversation, of one request each, then a sleep that somebody has to end."""
    history: list[ModelMessage] = []
    for n in range(turns):
        history = (await talking.run(f"Turn {n}", message_history=history)).all_messages()
    await sleep("30 days")
    return len(history)


@workflow(name="bench.agent_last_turn")
async def agent_last_turn(history: list[ModelMessage]) -> int:
    """One turn of a conversation whose runs take a turn each, then the same sleep."""
    result = await talking.run("One more turn", message_history=history)
    await sleep("30 days")
    return len(result.all_messages())


@workflow(name="bench.chat_turns")
async def chat_turns(turns: int) -> None:
    """The same in a chat, whose messages are written to streams."""
    history: list[ModelMessage] = []
    for n in range(turns):
        turn = ui.Turn(chat="c", number=n, message=f"u{n}", text=f"Turn {n}", reply=f"r{n}")
        async with ui.answering(turn):
            history = (await chatty.run(turn.text, message_history=history)).all_messages()


@workflow(name="bench.ticking_chat")
async def ticking_chat(turn: ui.Turn) -> None:
    """A chat whose answer is the times at which it was given."""
    async with ui.answering(turn):
        await ticking.run(turn.text)


@step(name="bench.tick")
async def write_tokens(reply: str, count: int) -> None:
    """The same without a framework."""
    async with ui.message(reply) as out, out.step(), out.text() as write:
        async for token in tokens(count):
            await write(token)


@workflow(name="bench.ticking_loop")
async def ticking_loop(turn: ui.Turn) -> None:
    """A chat whose answer is the times at which it was given."""
    async with ui.answering(turn):
        await write_tokens(turn.reply, int(turn.text))
