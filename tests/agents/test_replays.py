"""What may change while runs are on their way, and what is noticed."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_ai import Agent

from outlast import App, start, workflow
from outlast.agents import Durable, in_workflow
from outlast.testing import History, assert_replays, record_history, replay
from tests.agents.conftest import Serve
from tests.agents.scripted import Script

SCRIPT = Script([[("note", {}), ("look", {"at": "a"})], "done"])


def make_agent(instructions: str, note: str = "noted", tools: int = 1) -> Agent[object, str]:
    agent = Agent(
        SCRIPT.model(), name="changing", instructions=instructions, capabilities=[Durable()]
    )

    @agent.tool_plain
    async def look(at: str) -> str:
        return f"seen {at}"

    @agent.tool_plain(metadata=in_workflow(), name="note")
    async def take_note() -> str:
        return note

    if tools > 1:
        agent.tool_plain(name="another")(look)
    return agent


agents = [make_agent("Be brief.")]
prompts = ["look"]


@workflow(name="agents.changing")
async def changing() -> str:
    return (await agents[-1].run(prompts[-1])).output


@workflow(name="agents.by_events")
async def by_events() -> list[str]:
    async with agents[0].run_stream_events("look") as events:
        return [event.event_kind async for event in events]


@workflow(name="agents.by_stream")
async def by_stream() -> list[str]:
    async with agents[0].run_stream("look") as stream:
        return [text async for text in stream.stream_text()]


@workflow(name="agents.by_nodes")
async def by_nodes() -> list[str]:
    async with agents[0].iter("look") as run:
        nodes = [type(node).__name__ async for node in run]
    assert run.result is not None
    return [run.result.output, *nodes[-2:]]


@pytest.fixture
def history(serve: Serve) -> History:
    async def scenario(app: App) -> History:
        run = await start(changing())
        assert await run.result("20s") == "done"
        return await record_history(run)

    return serve(scenario)


@pytest.mark.parametrize(
    "edited", [make_agent("Be long and kind."), make_agent("Be brief.", tools=2)]
)
def test_instructions_and_tools_may_be_edited(
    history: History, edited: Agent[object, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(changing.fn.__globals__, "agents", [edited])
    assert_replays(history, changing)


def test_a_changed_prompt_is_noticed(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(changing.fn.__globals__, "prompts", ["look elsewhere"])
    report = replay(history, changing)
    assert not report.ok
    assert "changing__model.request" in str(report.problem)


def test_a_tool_in_the_workflow_that_says_something_else_is_noticed(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = make_agent("Be brief.", note="noted otherwise")
    monkeypatch.setitem(changing.fn.__globals__, "agents", [edited])
    assert "changing__model.request" in str(replay(history, changing).problem)


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (by_events, "agent_run_result"),
        (by_stream, "done"),
        (by_nodes, "End"),
    ],
)
def test_the_other_ways_to_run_an_agent_are_durable_too(
    serve: Serve, flow: Callable[[], Any], expected: str
) -> None:
    async def scenario(app: App) -> None:
        run = await start(flow())
        assert (await run.result("20s"))[-1] == expected
        names = [step.name for step in await run.steps()]
        assert sum("model.request" in name for name in names) == 2
        assert_replays(await record_history(run), flow)  # type: ignore[arg-type]

    serve(scenario)
