"""How agents ask in chats: with the ready-made tools, and with `RequestInput` of Pydantic AI."""

import asyncio
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.capabilities import RequestInput
from pydantic_ai.models.function import FunctionModel

from outlast import App, WorkerOptions, get_run, resume, workflow
from outlast.agents import approval_tool, sleep_tool, ui
from outlast.agents.ui import ChatApp, chat_app
from outlast.testing import SkippingClock
from tests.agents.ui.agents import SCRIPT, follow
from tests.agents.ui.conftest import Answer, Client, Form, OnChat, Site, approved, shown

MODEL = FunctionModel(stream_function=SCRIPT.stream, model_name="scripted")
handed: list[str] = []
asker = Agent(
    MODEL,
    name="asker",
    capabilities=[ui.ChatDurable()],
    tools=[approval_tool(), sleep_tool()],
)
by_input = Agent(
    MODEL,
    name="chat_by_input",
    capabilities=[
        RequestInput(lambda _ctx, _requests, token: handed.append(token)),
        ui.ChatDurable(),
    ],
)


@asker.tool_plain
async def look(at: str) -> str:
    return f"seen {at}"


@by_input.tool_plain(requires_approval=True)
async def pay(amount: int) -> str:
    return f"paid {amount}"


@workflow(name="chat_asking.asks")
async def asks(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await asker.run(turn.text)


@workflow(name="chat_asking.by_input")
async def asks_by_input(turn: ui.Turn) -> None:
    async with ui.answering(turn):
        await by_input.run(turn.text)


def asking(app: App) -> ChatApp:
    return chat_app(app, turn=asks, linger=0)


def by_request_input(app: App) -> ChatApp:
    return chat_app(app, turn=asks_by_input, linger=0)


def requests(answer: Answer) -> list[Form]:
    return [one for one in answer.chunks if one["type"] == "tool-approval-request"]


async def respond(client: Client, asked: Answer, *, reason: str | None = None, **yes: bool) -> Any:
    """Answer what is asked for, by the ids of the calls; `reason` is given with each answer."""
    verdicts = [
        {
            "id": one["approvalId"],
            "approved": yes[f"call_{one['toolCallId'].replace('-', '_')}"],
            "reason": reason,
        }
        for one in requests(asked)
    ]
    return await client.post(approved(asked.reply, *verdicts))


@pytest.mark.parametrize(
    ("yes", "told"),
    [(True, {"output": "Approved. so be it"}), (False, {"denied": True})],
)
def test_the_approval_tool_asks_in_the_message(yes: bool, told: Form, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        ask = ("ask_for_approval", {"question": "Shall I?"})
        follow([ask, ("look", {"at": "a"})], "done")
        client = site.client()
        first = await client.say("ask me")
        [request] = requests(first)
        assert request["toolCallId"] == "0-0"
        assert {"call": "0-1", "input": {"at": "a"}, "output": "seen a"} in shown(first.chunks)
        assert first.chunks[-1]["type"] == "finish"
        rest = await respond(client, first, reason="so be it", call_0_0=yes)
        whole = shown([*first.chunks, *rest.chunks])
        assert {"call": "0-0", "input": {"question": "Shall I?"}, **told} in whole
        assert whole[-1]["text"] == "done "
        assert (await respond(client, first, call_0_0=True)).status == 409

    on_chat(asking, scenario)


def test_the_sleep_tool_leaves_the_message_open() -> None:
    """The answer is one response, however long the agent has slept in the middle of it."""

    async def main() -> None:
        clock = SkippingClock()
        options = WorkerOptions(verify_replay=True)
        async with App("memory://", clock=clock, options=options) as app:
            follow([("sleep", {"duration": "3 days"})], "rested")
            client = Client(asking(app), {})
            begun = clock.now()
            told = await client.say("rest")
            assert shown(told.chunks)[-1]["text"] == "rested "
            assert {
                "call": "0-0",
                "input": {"duration": "3 days"},
                "output": "3 days have passed.",
            } in shown(told.chunks)
            assert clock.now() - begun >= 3 * 86_400 * 1_000_000

    asyncio.run(asyncio.wait_for(main(), 30))


PAYMENTS = [("pay", {"amount": 1}), ("pay", {"amount": 2})]


def test_request_input_is_answered_by_the_route(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAYMENTS, PAYMENTS, "done")
        client = site.client()
        first = await client.say("pay both")
        one, two = (request["approvalId"] for request in requests(first))
        half = await client.post(approved(first.reply, {"id": one, "approved": True}))
        assert half.status == 409
        assert "answered together" in half.problem["detail"]
        forged = {"id": f"{first.reply}.9-9", "approved": True}
        assert (await client.post(approved(first.reply, forged))).status == 409
        rest = await client.post(
            approved(
                first.reply,
                {"id": one, "approved": True},
                {"id": two, "approved": False, "reason": "once is enough"},
            )
        )
        again = await respond(client, first, call_0_0=True, call_0_1=False)
        assert again.chunks == rest.chunks, "its response may be lost"
        changed = await respond(client, first, call_0_0=True, call_0_1=True)
        assert "decided otherwise" in changed.problem["detail"]
        last = await respond(client, rest, call_1_0=True, call_1_1=True)
        whole = shown([*first.chunks, *rest.chunks, *last.chunks])
        assert {"call": "0-0", "input": {"amount": 1}, "output": "paid 1"} in whole
        assert {"call": "0-1", "input": {"amount": 2}, "denied": True} in whole
        assert whole[-1]["text"] == "done "
        assert "once is enough" in rest.text
        assert (await respond(client, first, call_0_0=True, call_0_1=True)).status == 409

    on_chat(by_request_input, scenario)


def test_request_input_that_is_answered_elsewhere(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAYMENTS, "done")
        handed.clear()
        client = site.client()
        first = await client.say("pay both")
        [run] = (await site.app.list_runs()).runs
        async for event in get_run(run.id).follow():
            if event.kind == "step_completed" and event.data["name"].endswith(".ask"):
                break
        await resume(handed[0], {"approvals": {"0-0": True, "0-1": True}})
        await get_run(run.id).result("20s")
        whole = shown((await client.resume(first.place, 0)).chunks)
        assert [one["output"] for one in whole if "output" in one] == ["paid 1", "paid 2"]
        assert (await respond(client, first, call_0_0=True, call_0_1=True)).status == 409

    on_chat(by_request_input, scenario)
