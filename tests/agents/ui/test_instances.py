"""Chats on one database that several instances of a program serve: whichever is asked, it is the same chat."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from outlast import App
from outlast.agents.ui import ChatApp, chat_app
from tests.agents.ui.agents import GATE, clerk, follow, serve
from tests.agents.ui.conftest import Answer, Client, approved, shown
from tests.postgres import Postgres

Make = Callable[[App], ChatApp]
Scenario = Callable[[Client, Client], Awaitable[None]]
Play = Callable[[Scenario], None]


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=clerk, linger=0)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=serve, linger=0)


@pytest.fixture(params=[by_session, by_turn], ids=["a run a session", "a run a turn"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/chats.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url()


@pytest.fixture
def play(make: Make, url: str) -> Play:
    """Play with the clients of two instances."""

    def run(scenario: Scenario) -> None:
        async def main() -> None:
            async with App(url) as one, App(url) as other:
                await scenario(Client(make(one), {}), Client(make(other), {}))

        asyncio.run(asyncio.wait_for(main(), 60))

    return run


def texts(answer: Answer) -> list[Any]:
    return [one["text"] for one in shown(answer.chunks) if "text" in one]


def test_a_message_at_one_and_the_answer_at_the_other(play: Play) -> None:
    async def scenario(one: Client, other: Client) -> None:
        follow([("wait", {})], "let go", "and on")
        telling = asyncio.ensure_future(one.say("wait"))
        await GATE.looked.wait()
        coming = asyncio.ensure_future(other.resume())
        refused = await other.say("me too", "u9")
        assert refused.status == 409
        GATE.go.set()
        told, resumed = await telling, await coming
        assert resumed.chunks == told.chunks
        assert resumed.place == told.place
        for k in range(len(told.chunks)):
            rest = await other.resume(told.place, k)
            assert told.chunks[:k] + rest.chunks == told.chunks, k
        assert texts(await other.say("on", "u2")) == ["and on "]
        loaded = [(await client.load()).problem for client in (one, other)]
        assert loaded[0] == loaded[1]
        assert [message["role"] for message in loaded[0]["messages"]] == ["user", "assistant"] * 2

    play(scenario)


def test_an_approval_that_is_given_at_the_other(play: Play) -> None:
    async def scenario(one: Client, other: Client) -> None:
        follow([("pay", {"amount": 5})], "done")
        asked = await one.say("pay")
        [request] = [part for part in asked.chunks if part["type"] == "tool-approval-request"]
        verdict = approved(asked.reply, {"id": request["approvalId"], "approved": True})
        answers = await asyncio.gather(other.post(verdict), one.post(verdict))
        assert sorted(answer.status for answer in answers) in ([200, 200], [200, 409])
        rest = next(answer for answer in answers if answer.status == 200)
        assert GATE.paid == [5]
        assert shown([*asked.chunks, *rest.chunks])[-1]["text"] == "done "
        assert (await other.post(verdict)).status == 409

    play(scenario)


def test_two_tabs_at_two_instances(play: Play) -> None:
    async def scenario(one: Client, other: Client) -> None:
        follow([("wait", {})], "let go", "and on")
        GATE.go.set()
        answers = await asyncio.gather(one.say("me first", "u1"), other.say("no, me", "u2"))
        assert sorted(answer.status for answer in answers) == [200, 409]
        assert texts(await other.say("on", "next")) == ["and on "]

    play(scenario)


def test_an_answer_that_is_stopped_at_the_other(play: Play) -> None:
    async def scenario(one: Client, other: Client) -> None:
        follow([("wait", {})], "never said", "hello again")
        telling = asyncio.ensure_future(one.say("wait"))
        await GATE.looked.wait()
        assert (await other.stop()).status == 204
        stopped = await telling
        assert [part["type"] for part in stopped.chunks][-2:] == ["abort", "finish"]
        follow("hello again")
        assert texts(await other.say("hello?", "u2")) == ["hello again "]

    play(scenario)
