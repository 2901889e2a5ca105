"""An agent without `Durable()` in a workflow: the run fails, and says what to give to the agent."""

import socket
from functools import cache
from typing import Any

import pytest
from pydantic_ai import Agent

from outlast import App, RunFailedError, start, workflow
from outlast.agents import Durable, in_workflow
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome

PEEKS = Script([[("peek", {})], "never"])
sockets = Agent(PEEKS.model(), name="sockets", capabilities=[Durable()])
plain = Agent(PEEKS.model(), name="plain")


def nowhere() -> Any:
    """A model of OpenAI whose provider is not there."""
    # They take seconds to import: only where they are used.
    models = pytest.importorskip("pydantic_ai.models.openai", reason="no client of OpenAI")
    providers = pytest.importorskip("pydantic_ai.providers.openai")
    provider = providers.OpenAIProvider(base_url="http://127.0.0.1:9/v1", api_key="none")
    return models.OpenAIChatModel("some-model", provider=provider)


@cache
def bare() -> Agent[object, str]:
    return Agent(nowhere(), name="bare")


@sockets.tool_plain(metadata=in_workflow())
@plain.tool_plain
async def peek() -> str:
    with socket.socket() as opened:
        return str(opened)


@workflow(name="agents.asks_a_bare_agent")
async def asks_a_bare_agent() -> Any:
    return (await bare().run("hi")).output


@workflow(name="agents.peeks_plainly")
async def peeks_plainly() -> Any:
    return (await plain.run("hi")).output


@workflow(name="agents.peeks_durably")
async def peeks_durably() -> Any:
    return (await sockets.run("hi")).output


def test_what_an_agent_does_itself_is_refused_and_the_way_on_named(serve: Serve) -> None:
    bare()

    async def scenario(app: App) -> None:
        for call in (asks_a_bare_agent(), peeks_plainly()):
            failed = await outcome(await start(call))
            assert isinstance(failed, RunFailedError)
            assert "Give the agent the capability Durable()" in str(failed)

    serve(scenario)


@workflow(name="agents.runs_in_sync")
async def runs_in_sync() -> Any:
    return sockets.run_sync("hi").output


def test_who_blocks_for_a_durable_agent_is_told_to_await_it(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        failed = str(await outcome(await start(runs_in_sync())))
        assert "await run() in place of run_sync()" in failed
        assert "Durable()" not in failed

    serve(scenario)


def test_a_durable_agent_is_told_of_its_tool(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        failed = await outcome(await start(peeks_durably()))
        assert "workflow code used socket.__new__" in str(failed)
        assert "Durable()" not in str(failed)

    serve(scenario)


def test_the_client_of_a_durable_agents_model_tries_once() -> None:
    model = nowhere()
    assert model.client.max_retries > 0
    Agent(model, name="calm", capabilities=[Durable()])
    assert model.client.max_retries == 0
