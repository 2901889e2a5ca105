"""A message that is written by a step on another worker's queue."""

from outlast import step, step_info, workflow
from outlast.agents import ui
from outlast.agents.ui import chat_app
from tests.agents.ui.conftest import OnChat, Site, shown


@step(name="chat_elsewhere.think", queue="default", retries=1, backoff="0s")
async def think(reply: str) -> None:
    async with ui.message(reply) as out, out.step(), out.text() as write:
        await write("one ")
        if step_info().attempt == 1:
            raise ConnectionError("the model went away")
        await write("two")


@workflow(name="chat_elsewhere.answer")
async def answer(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await think(turn.reply)


def test_the_steps_of_a_message_may_have_a_queue(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        told = await client.say("hello")
        assert [one["type"] for one in told.chunks].count("reset-step") == 1
        assert [one["text"] for one in shown(told.chunks) if "text" in one] == ["one two"]
        for k in range(len(told.chunks)):
            assert told.chunks[:k] + (await client.resume(told.place, k)).chunks == told.chunks

    on_chat(lambda app: chat_app(app, turn=answer), scenario)
