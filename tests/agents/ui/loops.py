"""Chats without an agent: loops written by hand."""

from outlast import step, workflow
from outlast.agents import ui

failing = {"left": 0}


@step(name="chat_loops.think", retries=3, backoff="0s")
async def think(turn: ui.Turn) -> str:
    async with ui.message(turn.reply) as out, out.step(), out.text() as write:
        for word in ("You ", "said ", f"{turn.text}."):
            await write(word)
        if failing["left"]:
            failing["left"] -= 1
            raise ConnectionError("the model went away")
        await write(" Right?")
    return turn.text


@workflow(name="chat_loops.answer")
async def answer(turn: ui.Turn) -> list[str]:
    before = await ui.history(turn) or []
    async with ui.answering(turn):
        return [*before, await think(turn)]


@workflow(name="chat_loops.chat")
async def chat(chat_id: str) -> None:
    async with ui.session() as session:
        async for turn in session:
            async with session.answering(turn):
                await think(turn)
