"""A provider's own client within a durable agent: it is asked once for each attempt, by name or as an object."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from outlast import App, start, workflow
from outlast.agents import Durable
from tests.agents.conftest import Serve

ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "some-model",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "at last"},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


class Provider:
    """Limits the rate of the first requests, then answers."""

    def __init__(self, limited: int) -> None:
        self.limited, self.requests, self.port = limited, 0, 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self._answer, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        [length] = [line for line in head.split("\r\n") if line.startswith("content-length")]
        await reader.readexactly(int(length.partition(":")[2]))
        self.requests += 1
        limited = self.requests <= self.limited
        status = "429 Too Many\r\nretry-after-ms: 20" if limited else "200 OK"
        body = json.dumps({} if limited else ANSWER).encode()
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()


agents: list[Agent[object, str]] = []


@workflow(name="agents.asks_a_provider")
async def asks_a_provider() -> str:
    return (await agents[-1].run("hi")).output


@pytest.mark.parametrize("by_name", [False, True])
def test_a_limited_rate_is_met_by_the_steps_attempts(
    serve: Serve, by_name: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(app: App) -> None:
        provider = Provider(limited=2)
        async with provider.serving() as url:
            monkeypatch.setenv("OPENAI_API_KEY", "none")
            monkeypatch.setenv("OPENAI_BASE_URL", url)
            client = OpenAIProvider(base_url=url, api_key="none")
            model: Any = (
                "openai-chat:some-model"
                if by_name
                else OpenAIChatModel("some-model", provider=client)
            )
            agents.append(Agent(model, name="patient_client", capabilities=[Durable()]))
            run = await start(asks_a_provider())
            assert await run.result("20s") == "at last"
            [step] = await run.steps()
            assert len(step.attempts) == provider.requests == 3

    serve(scenario)
