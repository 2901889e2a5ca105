"""The events of an agent on a stream of its run: live, once, and taken back when an attempt fails."""

import asyncio
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.function import FunctionModel

from outlast import App, resume, start, workflow
from outlast.agents import AgentEvent, Approval, Durable, StepOptions, in_workflow, sleep_tool
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.agents.test_tools import waiting

TELL = Script([[("look", {"at": "a"}), ("look", {"at": "b"})], "I see both"])
gate = asyncio.Event()
teller = Agent(TELL.model(), name="teller", capabilities=[Durable(stream="events")])


@teller.tool_plain
async def look(at: str) -> str:
    if at == "b":
        await gate.wait()
    return f"seen {at}"


@workflow(name="agents.tells")
async def tells() -> str:
    return (await teller.run("look")).output


def summary(event: Any) -> str:
    match event.event_kind:
        case "part_delta":
            return f"+{event.delta.content_delta}"
        case "part_start":
            return f"start {event.part.part_kind}"
        case "function_tool_call":
            return f"call {event.part.args}"
        case "function_tool_result":
            return f"result {event.part.content}"
        case kind:
            return str(kind)


def test_all_events_are_there_in_order_and_as_they_happen(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        gate.clear()
        run = await start(tells())
        told: list[str] = []
        async for event in run.stream("events", type=AgentEvent):
            told.append(summary(event))
            if told[-1] == "result seen a":
                gate.set()  # the other call is under way: its result comes later
        assert await run.result("20s") == "I see both"
        assert [one for one in told if one.startswith(("call", "result", "+"))] == [
            'call {"at":"a"}',
            'call {"at":"b"}',
            "result seen a",
            "result seen b",
            "+ see",
            "+ both",
        ]
        assert told.count("start tool-call") == 2
        names = [step.name for step in await run.steps()]
        assert sorted(names) == [
            "teller__events",  # one result while another call went on
            *["teller__function_toolset__<agent>.call_tool:look"] * 2,
            *["teller__model.request_stream"] * 2,
        ]
        assert_replays(await record_history(run), tells)

    gate.clear()
    serve(scenario)


BREAKS = Script(["one two three"])
failures: list[int] = []


async def _breaks(messages: Any, info: Any) -> Any:
    number = 0
    async for delta in BREAKS._stream(messages, info):
        yield delta
        number += 1
        if number == 2 and not failures:
            failures.append(1)
            raise ModelHTTPError(503, "some-model")


fragile = Agent(
    FunctionModel(stream_function=_breaks),
    name="fragile",
    capabilities=[Durable(stream="events", model_step=StepOptions(backoff=0))],
)


@workflow(name="agents.counts")
async def counts() -> str:
    return (await fragile.run("count")).output


def test_what_a_failed_attempt_has_told_is_taken_back(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        failures.clear()
        run = await start(counts())
        assert await run.result("20s") == "one two three"
        events = [summary(e) async for e in run.stream("events", type=AgentEvent)]
        assert [event for event in events if event.startswith("+")] == ["+ two", "+ three"]
        assert events.count("start text") == 1
        assert (await run.steps())[0].attempts[0].error is not None

    serve(scenario)


WAITS = Script([[("pay", {})], [("sleep", {"duration": "3 days"}), ("note", {})], "done"])
patient = Agent(
    WAITS.model(),
    name="patient",
    capabilities=[Durable(stream="events")],
    tools=[sleep_tool()],
)


@patient.tool_plain(requires_approval=True)
async def pay() -> str:
    return "paid"


@patient.tool_plain(metadata=in_workflow())
async def note() -> str:
    return "noted"


@workflow(name="agents.waits")
async def waits() -> str:
    return (await patient.run("go")).output


def test_what_the_run_waits_for_is_told_before_it_waits(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(waits())
        reader = run.stream("events", type=AgentEvent)
        told = [""]
        while told[-1] != "deferred_tool_requests":
            told.append(summary(await anext(reader)))
        [asked] = await waiting(app, run)
        await resume(asked.token, Approval(approved=True))
        while told[-1] != 'call {"duration":"3 days"}':
            told.append(summary(await anext(reader)))
        await run.wake()
        assert await run.result("20s") == "done"
        told += [summary(event) async for event in reader]
        assert "result paid" in told
        assert "result noted" in told

    serve(scenario)


handled: list[str] = []


async def handle(_ctx: Any, events: Any) -> None:
    async for event in events:
        handled.append(event.event_kind)


@workflow(name="agents.handles")
async def handles() -> str:
    return (await teller.run("look", event_stream_handler=handle)).output


def test_a_handler_of_the_callers_own_is_no_step(serve: Serve) -> None:
    """It is workflow code, and hears again at a replay what is recorded."""

    async def scenario(app: App) -> None:
        gate.set()
        handled.clear()
        run = await start(handles())
        assert await run.result("20s") == "I see both"
        assert "function_tool_result" in handled
        asked = len(TELL.asked)
        names = {step.name.partition("__")[2] for step in await run.steps()}
        assert names <= {
            "events",
            "model.request_stream",
            "function_toolset__<agent>.call_tool:look",
        }
        handled.clear()
        assert_replays(await record_history(run), handles)
        assert len(TELL.asked) == asked
        assert handled.count("function_tool_result") == 2

    serve(scenario)


def test_outside_of_workflows_nothing_is_streamed() -> None:
    gate.set()
    assert asyncio.run(teller.run("look")).output == "I see both"
