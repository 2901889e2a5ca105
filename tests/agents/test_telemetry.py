"""What the spans of an agent's steps say of models, tokens and tools."""

import asyncio
from typing import Any

import pytest
from opentelemetry.trace import StatusCode
from pydantic_ai import Agent
from pydantic_ai.models.instrumented import InstrumentationSettings

from outlast import App, WorkerOptions, hook, resume, start, workflow
from outlast.agents import Durable, in_workflow
from outlast.agents.telling import response_attributes
from outlast.testing import Signals
from tests.agents.scripted import Script
from tests.otel.collecting import Collector, attributes, span_id
from tests.otel.documented import table

SCRIPT = Script([[("add", {"a": 1, "b": 2})], "3"])
plain = Agent(SCRIPT.model(), name="counter", capabilities=[Durable()])
streaming = Agent(SCRIPT.model(), name="counter", capabilities=[Durable(stream="said")])


@plain.tool_plain
@streaming.tool_plain
def add(a: int, b: int) -> int:
    return a + b


@workflow(name="agents.told")
async def told() -> str:
    return (await plain.run("1 + 2")).output


@workflow(name="agents.told_streaming")
async def told_streaming() -> str:
    return (await streaming.run("1 + 2")).output


def _play(collector: Collector, call: Any) -> None:
    async def play() -> None:
        async with App("memory://", instruments=[collector.telemetry()]):
            await (await start(call())).result("20s")

    asyncio.run(play())


def _said(collector: Collector) -> list[dict[str, Any]]:
    """The attributes of generative AI of the spans of steps, in the order of their ends."""
    return [
        {name: value for name, value in attributes(span).items() if name.startswith("gen_ai.")}
        for span in collector.spans("step")
    ]


TOOL = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.agent.name": "counter",
    "gen_ai.tool.name": "add",
    "gen_ai.tool.call.id": "1-0",
}
ASKED = {
    "gen_ai.operation.name": "chat",
    "gen_ai.agent.name": "counter",
    "gen_ai.request.model": "scripted",
}
ANSWERED = {**ASKED, "gen_ai.response.model": "scripted"}


@pytest.mark.parametrize(("call", "tokens"), [(told, (10, 5)), (told_streaming, (50, 1))])
def test_requests_tell_model_and_tokens(
    collector: Collector, call: Any, tokens: tuple[int, int]
) -> None:
    _play(collector, call)
    first, tool, last = _said(collector)
    assert tool == TOOL
    assert last == {
        **ANSWERED,
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    }
    assert set(first) == set(last)
    documented = {name.rstrip("?") for name in table("Spans")["step {step}"]}
    assert {name for span in collector.spans("step") for name in attributes(span)} <= documented


def test_tokens_are_told_once_where_pydantic_ai_tells_them(collector: Collector) -> None:
    plain.instrument = InstrumentationSettings(tracer_provider=collector.tracers)
    try:
        _play(collector, told)
    finally:
        plain.instrument = None
    assert _said(collector) == [ASKED, TOOL, ASKED]
    chats = collector.spans("chat")
    assert [attributes(one)["gen_ai.usage.input_tokens"] for one in chats] == [10, 10]
    [of_agent], [stretch] = collector.spans("invoke_agent"), collector.spans("run ")
    assert {one.parent.span_id for one in chats if one.parent} == {span_id(of_agent)}
    assert of_agent.parent is not None
    assert of_agent.parent.span_id == span_id(stretch), "it is in the trace of the run"


waiting = Agent(Script([[("ask", {})], "yes"]).model(), name="waiting", capabilities=[Durable()])


@waiting.tool_plain(metadata=in_workflow())
async def ask() -> str:
    return str(await hook(str, token="agents-telemetry"))


@workflow(name="agents.told_once")
async def told_once() -> str:
    said = [(await plain.run("1 + 2")).output, (await waiting.run("?")).output]
    return " ".join(said)


def test_spans_of_pydantic_ai_are_not_made_again_at_a_replay(collector: Collector) -> None:
    """The first stretch ends in a tool of the second agent; the next one replays all of the first agent's run."""

    async def play() -> None:
        signals = Signals()
        options, instruments = WorkerOptions(linger=0), [signals, collector.telemetry()]
        async with App("memory://", options=options, instruments=instruments):
            run = await start(told_once())
            await signals.wait_for("run_suspended", run_id=run.id)
            assert _names(collector) == {**FIRST, "invoke_agent waiting": 1, "chat scripted": 3}
            await resume("agents-telemetry", "go on")
            assert await run.result("20s") == "3 yes"

    for agent in (plain, waiting):
        agent.instrument = InstrumentationSettings(tracer_provider=collector.tracers)
    try:
        asyncio.run(play())
    finally:
        plain.instrument = None
    second = {"invoke_agent waiting": 2, "chat scripted": 4, "execute_tool ask": 1}
    assert _names(collector) == {**FIRST, **second}
    assert {one.status.status_code for one in collector.spans()} == {StatusCode.UNSET}


FIRST = {"invoke_agent counter": 1, "execute_tool add": 1}


def _names(collector: Collector) -> dict[str, int]:
    """How many spans there are of those that Pydantic AI makes."""
    own = ("invoke_agent", "chat", "execute_tool")
    return {name: n for name, n in collector.span_names().items() if name.startswith(own)}


def test_what_a_response_says() -> None:
    response = {
        "kind": "response",
        "provider_name": "openai",
        "model_name": "gpt-5-2026-01-01",
        "provider_response_id": "r1",
        "finish_reason": "stop",
        "usage": {"input_tokens": 7, "output_tokens": 3, "cache_read_tokens": 2},
    }
    assert response_attributes(response) == {
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-5-2026-01-01",
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 2,
    }
    assert response_attributes({"kind": "response"}) == {}
