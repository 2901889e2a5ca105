"""What a conversation leaves in the log: each thing once, however long the conversation is."""

import asyncio
from collections.abc import AsyncIterator

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from outlast import App, workflow
from outlast.agents import Durable, ui

TURNS = 12


def answer(messages: list[ModelMessage]) -> str:
    return f"answer {(len(messages) + 1) // 2:02}, at length: " + "and so on " * 20


def say(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart(answer(messages))])


async def say_slowly(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator[str]:
    for word in answer(messages).split(" "):
        yield word + " "


model = FunctionModel(say, stream_function=say_slowly)
clerk = Agent(model, name="sized", capabilities=[Durable()])
teller = Agent(model, name="sized_teller", capabilities=[ui.ChatDurable()])


@workflow(name="agents.sized")
async def talk() -> None:
    history: list[ModelMessage] = []
    for n in range(TURNS):
        history = (await clerk.run(f"question {n:02}", message_history=history)).all_messages()


@workflow(name="agents.sized_chat")
async def chat(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await teller.run(turn.text)


async def log_of(app: App, run_id: str) -> list[str]:
    return [event.data.decode() for event in await app.runtime.world.log.read(run_id)]


def test_the_history_is_not_in_every_event() -> None:
    async def main() -> None:
        async with App("memory://") as app:
            run = await app.start(talk())
            await run.result()
            requests = [text for text in await log_of(app, run.id) if "sized__model" in text]
        assert len(requests) == TURNS
        for n, text in enumerate(requests, 1):
            assert text.count(f"answer {n:02}") == 1
            assert text.count("answer") == 1
            assert "question" not in text  # of the messages so far: how many, and a digest
        assert max(map(len, requests)) - min(map(len, requests)) < 50  # the first names its worker

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_was_streamed_is_in_the_log_once() -> None:
    turn = ui.Turn(chat="c", number=1, message="u", text="Go on", reply="r")

    async def main() -> None:
        async with App("memory://") as app:
            run = await app.start(chat(turn))
            await run.result()
            log = "".join(await log_of(app, run.id))
            chunks = [one async for one in run.stream("message:r")]
        text = "".join(one["delta"] for one in chunks if one["type"] == "text-delta")
        assert log.count(text) == 1
        assert "text-delta" not in log
        assert len([one for one in chunks if one["type"] == "text-end"]) == 1

    asyncio.run(asyncio.wait_for(main(), 60))
