"""MCP servers that cannot be reached: the step is tried again, the error names the server, and what was done stays done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from pydantic_ai import Agent
from pydantic_ai.models.function import FunctionModel

from outlast import App, Run, RunFailedError, start, workflow
from outlast.agents import Durable, StepOptions
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome

SCRIPT = Script([[("forecast", {"city": "Ur"})], "sunny"])
meanwhile: list[Callable[[], Awaitable[None]]] = []
"""What happens while the model thinks."""
agents: list[Agent[object, str]] = []
asked: list[str] = []


async def _answer(messages: Any, info: Any) -> Any:
    while meanwhile:
        await meanwhile.pop()()
    return SCRIPT._answer(messages, info)


async def forecast(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return f"sun in {city}"


class Weather:
    """An MCP server on a port of this machine, which comes and goes."""

    def __init__(self) -> None:
        self._server: Any = None
        self.port = 0

    async def come(self) -> None:
        # They take seconds to import: only where they are used.
        servers = pytest.importorskip("mcp.server", reason="MCP needs pydantic-ai-slim[mcp]")
        server = servers.MCPServer("weather")
        server.tool()(forecast)
        config = uvicorn.Config(
            server.streamable_http_app(), port=self.port, log_level="critical", ws="none"
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.ensure_future(self._server.serve())
        async with asyncio.timeout(20):
            while not self._server.started:
                await asyncio.sleep(0.001)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    async def go(self) -> None:
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._serving
            self._server = None


@asynccontextmanager
async def weather() -> AsyncIterator[Weather]:
    """A server that is there; and an agent that asks it."""
    server = Weather()
    await server.come()
    try:
        retries = StepOptions(retries=2, backoff="50ms")
        toolsets = pytest.importorskip("pydantic_ai.mcp")
        toolset = toolsets.MCPToolset(f"http://127.0.0.1:{server.port}/mcp", id="weather")
        durable = Durable(mcp_step=retries)
        agents.append(
            Agent(FunctionModel(_answer), name="caller", toolsets=[toolset], capabilities=[durable])
        )
        asked.clear()
        yield server
    finally:
        await server.go()


@workflow(name="agents.asks_a_server")
async def asks_a_server() -> str:
    return (await agents[-1].run("the weather")).output


def test_a_server_that_is_not_there(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        async with weather() as server:
            await server.go()
            run = await start(asks_a_server())
            failed = await outcome(run)
            assert isinstance(failed, RunFailedError)
            assert "step 'caller__mcp_server__weather.get_tools'" in str(failed)
            assert "failed after 3 attempts" in str(failed)
            assert "connect" in str(failed)
            assert_replays(await record_history(run), asks_a_server)

    serve(scenario)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_server_that_goes_before_it_is_called(serve: Serve, comes_back: bool) -> None:
    async def scenario(app: App) -> None:
        async with weather() as server:
            meanwhile.append(server.go)
            run = await start(asks_a_server())
            if not comes_back:
                failed = await outcome(run)
                assert "step 'caller__mcp_server__weather.call_tool:forecast'" in str(failed)
                assert "connect" in str(failed)
                assert asked == []
            else:
                await first_failure(run)
                await server.come()
                assert await run.result("20s") == "sunny"
                assert asked == ["Ur"]
            assert_replays(await record_history(run), asks_a_server)
            assert asked == ["Ur"] * comes_back

    serve(scenario)


async def first_failure(run: Run[Any]) -> None:
    """Wait until an attempt of a step has failed."""
    async for event in run.follow():
        if event.kind == "step_retried":
            return
