"""Chats whose model is asked over HTTP: what goes wrong there, as the browser sees it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage

from outlast import App, workflow
from outlast.agents import StepOptions, ui
from outlast.agents.ui import ChatApp, chat_app
from outlast.testing.models import Answer, ModelServer, Refusal, Reply, Silence, ToolCall
from tests.agents.ui.conftest import OnChat, Site, shown
from tests.api.conftest import outcome

Make = Callable[[App], ChatApp]
HELLO = Answer("hello to you all")
SILENCE = Silence()
agents: list[Agent[object, str]] = []


def use(server: ModelServer, **options: Any) -> None:
    """Whom the chats ask from now on."""
    # They take seconds to import: only where they are used.
    models = pytest.importorskip("pydantic_ai.models.openai", reason="no client of OpenAI")
    providers = pytest.importorskip("pydantic_ai.providers.openai")
    provider = providers.OpenAIProvider(base_url=server.openai_url, api_key="none")
    model = models.OpenAIChatModel("gpt-4o", provider=provider)
    step = StepOptions(retries=3, backoff=0, **options)
    agent = Agent(model, name="over_http", capabilities=[ui.ChatDurable(model_step=step)])

    @agent.tool_plain
    async def look(at: str) -> str:
        return f"seen {at}"

    @agent.tool_plain
    async def copy(times: int) -> str:
        return "x" * times

    agents.append(agent)


@workflow(name="chat_over_http.session")
async def chat(chat_id: str) -> None:
    history: list[ModelMessage] = []
    async with ui.session() as session:
        async for turn in session:
            async with session.answering(turn):
                result = await agents[-1].run(turn.text, message_history=history)
                history = result.all_messages()


@workflow(name="chat_over_http.turn")
async def answer(turn: ui.Turn) -> list[ModelMessage]:
    history: list[ModelMessage] = await ui.history(turn) or []
    async with ui.answering(turn):
        result = await agents[-1].run(turn.text, message_history=history)
        return result.all_messages()


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=chat, linger=0)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=answer, linger=0)


@pytest.fixture(params=[by_session, by_turn], ids=["a run a session", "a run a turn"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


@pytest.mark.parametrize(
    ("trouble", "resets"),
    [
        ([Answer("hello to nobody", drop_after=n) for n in (1, 2, 3)], 3),
        ([Refusal(429, retry_after=0.02), Refusal(529)], 0),
        ([Answer("hello to nobody", drop_after=3), SILENCE], 1),
    ],
    ids=["dropped", "limited and overloaded", "dropped, then silent"],
)
def test_the_message_is_one_whatever_the_model_goes_through(
    make: Make, on_chat: OnChat, trouble: list[Reply], resets: int
) -> None:
    async def scenario(site: Site) -> None:
        async with ModelServer([*trouble, HELLO]) as server:
            use(server, timeout="2s" if SILENCE in trouble else "60s")
            client = site.client()
            told = await client.say("hello")
            kinds = [one["type"] for one in told.chunks]
            assert kinds.count("reset-step") == resets
            assert kinds.count("start-step") == 1
            texts = [one["text"] for one in shown(told.chunks) if "text" in one]
            assert texts == ["hello to you all"]
            assert len(server.requests) == len(trouble) + 1
            for k in range(len(told.chunks)):
                rest = await client.resume(told.place, k)
                assert told.chunks[:k] + rest.chunks == told.chunks, k

    on_chat(make, scenario)


def test_arguments_that_are_no_json_are_shown_and_corrected(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        broken = Answer(calls=(ToolCall("look", '{"at": "i'),))
        correct = Answer(calls=(ToolCall("look", {"at": "it"}),))
        async with ModelServer([broken, correct, HELLO]) as server:
            use(server)
            told = await site.client().say("look")
            [wrong] = [one for one in told.chunks if one["type"] == "tool-input-error"]
            assert wrong["input"] == '{"at": "i'
            parts = shown(told.chunks)
            assert {"call": "call_1_0", "input": {"at": "it"}, "output": "seen it"} in parts
            assert parts[-1]["text"] == "hello to you all"

    on_chat(make, scenario)


def test_a_stop_closes_the_connection_to_the_model(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        slow = Answer("and so on " * 1_000, pause=0.01)
        async with ModelServer([slow, HELLO]) as server:
            use(server)
            client = site.client()
            telling = asyncio.ensure_future(client.say("go on"))
            while not server.requests:
                await asyncio.sleep(0.001)
            assert (await client.stop()).status == 204
            assert [one["type"] for one in (await telling).chunks][-2:] == ["abort", "finish"]
            while not server.abandoned:
                await asyncio.sleep(0.001)
            after = await client.say("hello", "u2")
            assert shown(after.chunks)[-1]["text"] == "hello to you all"

    on_chat(make, scenario)


def test_a_result_that_is_too_large_ends_the_message(make: Make, on_chat: OnChat) -> None:
    """The browser hears that it went wrong; the run says of which tool and how large."""

    async def scenario(site: Site) -> None:
        large = Answer(calls=(ToolCall("copy", {"times": 5_000_000}),))
        async with ModelServer([large]) as server:
            use(server)
            told = await site.client().say("copy")
            assert [one["type"] for one in told.chunks][-2:] == ["error", "finish"]
            [info] = (await site.app.list_runs()).runs
            error = str(await outcome(site.app.get_run(info.id)))
            assert "call_tool:copy'" in error
            assert "5,000,0" in error
            assert "5,000,0" not in told.text

    on_chat(make, scenario)
