"""MCP servers: asked in steps, and never at a replay."""

import asyncio
from collections import Counter
from functools import cache
from typing import Any

import pytest
from pydantic_ai import Agent

from outlast import App, start, workflow
from outlast.agents import Durable
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script

asked: Counter[str] = Counter()


async def forecast(city: str) -> str:
    """The weather in a city."""
    asked["forecast"] += 1
    return f"sun in {city}"


SCRIPT = Script([[("forecast", {"city": "Ur"}), ("forecast", {"city": "Uruk"})], "sunny"])


@cache
def guide() -> Agent[object, str]:
    """An agent that asks the server."""
    # They take seconds to import: only where they are used.
    servers = pytest.importorskip("mcp.server", reason="MCP needs pydantic-ai-slim[mcp]")
    toolsets = pytest.importorskip("pydantic_ai.mcp")
    server = servers.MCPServer("weather", instructions="Ask about one city at a time.")
    server.tool()(forecast)
    weather = toolsets.MCPToolset(server, id="weather", include_instructions=True)
    return Agent(SCRIPT.model(), name="guide", toolsets=[weather], capabilities=[Durable()])


@workflow(name="agents.ask_guide")
async def ask_guide() -> Any:
    return (await guide().run("the weather")).output


def test_a_replay_does_not_contact_the_server(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        asked.clear()
        guide()
        run = await start(ask_guide())
        assert await run.result("20s") == "sunny"
        assert asked["forecast"] == 2
        names = Counter(step.name for step in await run.steps())
        assert names == {
            "guide__mcp_server__weather.get_tools": 1,
            "guide__mcp_server__weather.get_instructions": 2,
            "guide__mcp_server__weather.call_tool:forecast": 2,
            "guide__model.request": 2,
        }
        assert_replays(await record_history(run), ask_guide)
        assert asked["forecast"] == 2

    serve(scenario)


def test_outside_of_workflows_it_is_asked_as_always() -> None:
    asked.clear()
    assert asyncio.run(guide().run("the weather")).output == "sunny"
    assert asked["forecast"] == 2
