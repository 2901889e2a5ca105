"""Chats without an agent: loops written by hand."""

import asyncio
from dataclasses import dataclass, field

from outlast import step, workflow
from outlast.agents import ui

failing = {"left": 0}


@dataclass
class Hold:
    """Holds the attempt that will not fail, once, before it writes."""

    wanted: bool = False
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        self.wanted, self.held, self.go = True, asyncio.Event(), asyncio.Event()


HOLD = Hold()


@step(name="chat_loops.think", retries=3, backoff="0s")
async def think(turn: ui.Turn) -> str:
    if HOLD.wanted and not failing["left"]:
        HOLD.wanted = False
        HOLD.held.set()
        await HOLD.go.wait()
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


@workflow(name="chat_loops.stopped")
async def stopped(turn: ui.Turn) -> str:
    answering = ui.answering(turn)
    answering.stop()
    async with answering:
        await think(turn)
    return "behind the block"


@step(name="chat_loops.propose")
async def propose(turn: ui.Turn) -> None:
    async with ui.message(turn.reply) as out, out.step():
        await out.write(ui.ToolInputAvailable(tool_call_id="call", tool_name="pay", input={}))


@step(name="chat_loops.pay")
async def pay(turn: ui.Turn) -> None:
    async with ui.message(turn.reply) as out:
        await out.write(ui.ToolOutputAvailable(tool_call_id="call", output="paid"))


@step(name="chat_loops.leave")
async def leave(turn: ui.Turn, reason: str | None) -> None:
    async with ui.message(turn.reply) as out:
        await out.write(
            ui.ToolOutputDenied(tool_call_id="call"), ui.Data(name="why", data={"reason": reason})
        )


@workflow(name="chat_loops.careful")
async def careful(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await propose(turn)
        answer = await ui.approval(turn.reply, "call")
        if answer.approved:
            await pay(turn)
        else:
            await leave(turn, answer.reason)
