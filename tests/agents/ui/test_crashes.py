"""The process dies while a model answers: whoever has got some of it gets the rest, and sees one message."""

import asyncio
from pathlib import Path

from outlast import App, Run, get_run, step, workflow
from outlast.agents import ui
from outlast.agents.ui import chat_app
from outlast.testing import SkippingClock, crash
from tests.agents.ui.conftest import Client, Form, shown

WORDS = ("one ", "two ", "three ", "four ", "five ")
go = asyncio.Event()


@step(name="chat_crashes.say")
async def say(reply: str, *, stumbles: bool) -> None:
    async with ui.message(reply) as out, out.step(), out.text() as write:
        for number, word in enumerate(WORDS):
            if number == 3 and stumbles and not go.is_set():
                await go.wait()  # until the process dies
            await write(word)


@workflow(name="chat_crashes.answer")
async def answer(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await say(turn.reply, stumbles=False)
        await say(turn.reply, stumbles=True)


async def written(run: Run[object], name: str, chunks: int) -> list[Form]:
    """The first chunks of a stream, once there are so many."""
    found: list[Form] = []
    async for one in run.stream(name):
        found.append({key: value for key, value in one.items() if key != "step"})
        if len(found) == chunks:
            break
    return found


def test_the_rest_of_a_message_whose_process_died(tmp_path: Path) -> None:
    async def main() -> None:
        go.clear()
        clock, url = SkippingClock(), f"sqlite:///{tmp_path}/test.db"
        async with App(url, clock=clock) as app:
            told = asyncio.ensure_future(Client(chat_app(app, turn=answer), {}).say("go on"))
            while not (runs := (await app.list_runs()).runs):
                await asyncio.sleep(0)
            reply = runs[0].attributes["reply"]
            seen = await written(get_run(runs[0].id), f"message:{reply}", 15)
            await crash(app)
            told.cancel()
            await asyncio.gather(told, return_exceptions=True)
        go.set()
        async with App(url, clock=clock) as app:
            client = Client(chat_app(app, turn=answer), {})
            place = f"c1~{reply}~0"
            whole = (await client.resume(place, 0)).chunks
            assert seen == whole[: len(seen)]
            assert [one["type"] for one in whole].count("reset-step") == 1
            texts = [one["text"] for one in shown(whole) if "text" in one]
            assert texts == ["".join(WORDS)] * 2
            for k in range(len(whole)):
                assert (
                    seen[:k] + whole[len(seen[:k]) : k] + (await client.resume(place, k)).chunks
                    == whole
                )

    asyncio.run(asyncio.wait_for(main(), 60))
