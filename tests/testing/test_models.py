"""The scripted provider of language models, asked by httpx, by OpenAI's client and by Pydantic AI's models."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import msgspec
import pytest

from outlast.testing import SkippingClock
from outlast.testing.models import (
    Answer,
    ModelRequest,
    ModelServer,
    Refusal,
    Reply,
    Silence,
    ToolCall,
)

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
BROKEN = (httpx.RemoteProtocolError, httpx.ReadError)
CALL = Answer("Let me see.", calls=(ToolCall("look", {"at": "it"}),))


def play(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


async def ask(url: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(url, json={**HELLO, **more})


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
    return [msgspec.json.decode(line) for line in lines if line != "[DONE]"]


def test_an_answer_as_one_document() -> None:
    async def scenario() -> None:
        async with ModelServer([CALL, CALL]) as server:
            first = (await ask(f"{server.url}/v1/chat/completions")).json()
            second = (await ask(f"{server.url}/v1/messages")).json()
            assert [(one.number, one.api) for one in server.requests] == [
                (0, "openai"),
                (1, "anthropic"),
            ]
            assert server.requests[0].body == HELLO
        message = first["choices"][0]["message"]
        assert message["content"] == "Let me see."
        assert message["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at":"it"}'}
        assert second["content"][1]["input"] == {"at": "it"}
        assert second["stop_reason"] == "tool_use"

    play(scenario())


def test_a_stream_has_a_chunk_for_each_word() -> None:
    async def scenario() -> None:
        async with ModelServer(lambda _: CALL) as server:
            told = await ask(f"{server.url}/v1/chat/completions", stream=True)
            other = await ask(f"{server.url}/v1/messages", stream=True)
        deltas = [one["choices"][0]["delta"] for one in events(told.text)]
        assert [one["content"] for one in deltas if "content" in one] == [
            "",
            "Let ",
            "me ",
            "see.",
        ]
        assert told.text.endswith("data: [DONE]\n\n")
        texts = [one["delta"] for one in events(other.text) if one["type"] == "content_block_delta"]
        assert [one["text"] for one in texts if "text" in one] == ["Let ", "me ", "see."]
        json = "".join(one.get("partial_json", "") for one in texts)
        assert msgspec.json.decode(json) == {"at": "it"}

    play(scenario())


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_refusal_and_then_an_answer(status: int) -> None:
    async def scenario() -> None:
        async with ModelServer([Refusal(status, retry_after=1.5), Answer("now")]) as server:
            url = f"{server.url}/v1/messages"
            refused = await ask(url)
            assert refused.status_code == status
            assert refused.headers["retry-after"] == "2"
            assert refused.headers["retry-after-ms"] == "1500"
            assert (await ask(url)).json()["content"][0]["text"] == "now"
            assert (await ask(url)).status_code == 400  # the script is over
            assert len(server.requests) == 3

    play(scenario())


@pytest.mark.parametrize("streamed", [True, False])
def test_a_connection_that_breaks(streamed: bool) -> None:
    async def scenario() -> None:
        got: list[str] = []
        async with (
            ModelServer([Answer("one two three", drop_after=2)]) as server,
            httpx.AsyncClient() as client,
        ):
            url = f"{server.openai_url}/chat/completions"
            with pytest.raises(BROKEN):
                async with client.stream("POST", url, json={**HELLO, "stream": streamed}) as answer:
                    got += [line async for line in answer.aiter_lines()]
        assert not any("two" in line for line in got)

    play(scenario())


def test_silence_ends_with_the_client_or_the_server() -> None:
    async def scenario() -> None:
        async with ModelServer(lambda _: Silence()) as server, httpx.AsyncClient() as client:
            url = f"{server.openai_url}/chat/completions"
            with pytest.raises(httpx.ReadTimeout):
                await client.post(url, json=HELLO, timeout=0.05)
            waiting = asyncio.ensure_future(client.post(url, json=HELLO))
            while len(server.requests) < 2 or not server.abandoned:
                await asyncio.sleep(0)
            assert server.abandoned == [0]
            await server.__aexit__(None, None, None)
            with pytest.raises(BROKEN):
                await waiting

    play(scenario())


def test_pauses_are_on_the_clock() -> None:
    async def scenario() -> None:
        clock = SkippingClock()
        began = clock.time
        async with ModelServer([Answer("a b c", pause=3600)], clock=clock) as server:
            await ask(f"{server.openai_url}/chat/completions", stream=True)
        assert (clock.time - began).total_seconds() >= 3 * 3600

    play(scenario())


def test_what_is_served_nowhere_else() -> None:
    async def scenario() -> None:
        server = ModelServer([])
        with pytest.raises(RuntimeError, match="async with"):
            _ = server.url
        async with server:
            assert (await ask(f"{server.url}/v1/embeddings")).status_code == 404
            assert server.requests == []

    play(scenario())


def test_openais_client() -> None:
    openai = pytest.importorskip("openai", reason="OpenAI's client is not installed")

    async def scenario() -> None:
        script: list[Reply] = [Refusal(429), CALL, Answer(calls=(ToolCall("look", "{broken"),))]
        async with ModelServer(script) as server:
            client = openai.AsyncOpenAI(base_url=server.openai_url, api_key="x", max_retries=0)
            async with client:
                with pytest.raises(openai.RateLimitError):
                    await client.chat.completions.create(**HELLO)
                stream = await client.chat.completions.create(**HELLO, stream=True)
                words = [one.choices[0].delta.content async for one in stream if one.choices]
                assert "".join(word or "" for word in words) == "Let me see."
                broken = await client.chat.completions.create(**HELLO)
                call = broken.choices[0].message.tool_calls[0]
                assert call.function.arguments == "{broken"

    play(scenario())


def test_an_agent_is_answered() -> None:
    ai = pytest.importorskip("pydantic_ai", reason="the extra outlast[agents] is not installed")
    models = pytest.importorskip("pydantic_ai.models.openai", reason="no client of OpenAI")
    providers = pytest.importorskip("pydantic_ai.providers.openai", reason="no client of OpenAI")
    seen: list[str] = []

    def look(at: str) -> str:
        seen.append(at)
        return "nothing"

    def script(request: ModelRequest) -> Reply:
        return (
            CALL if request.body["messages"][-1]["role"] == "user" else Answer("There is nothing.")
        )

    async def scenario() -> None:
        async with ModelServer(script) as server:
            provider = providers.OpenAIProvider(base_url=server.openai_url, api_key="x")
            agent = ai.Agent(models.OpenAIChatModel("m", provider=provider), tools=[look])
            result = await agent.run("What is there?")
            assert result.output == "There is nothing."
            assert (seen, len(server.requests)) == (["it"], 2)
            await provider.client.close()

    play(scenario())


def test_an_agent_is_answered_as_anthropic_does() -> None:
    pytest.importorskip("anthropic", reason="Anthropic's client is not installed")
    ai = pytest.importorskip("pydantic_ai", reason="the extra outlast[agents] is not installed")
    models = pytest.importorskip("pydantic_ai.models.anthropic", reason="no client of Anthropic")
    providers = pytest.importorskip("pydantic_ai.providers.anthropic", reason="no client")

    async def scenario() -> None:
        async with ModelServer([Answer("There is nothing.")]) as server:
            provider = providers.AnthropicProvider(base_url=server.anthropic_url, api_key="x")
            agent = ai.Agent(models.AnthropicModel("m", provider=provider))
            async with agent.run_stream("What is there?") as result:
                assert await result.get_output() == "There is nothing."
            await provider.client.close()

    play(scenario())
