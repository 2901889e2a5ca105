"""Tools that are workflow code: they sleep, wait, call steps and start children."""

import asyncio
from typing import Any

import pytest
from pydantic_ai import Agent, FunctionToolset, UserError

from outlast import (
    App,
    Run,
    RunCancelledError,
    RunFailedError,
    RunStatus,
    hook,
    resume,
    run_info,
    sleep,
    start,
    step,
    workflow,
)
from outlast.agents import Approval, Durable, approval_tool, in_workflow, sleep_tool, tool_step
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome


async def waiting(app: App, run: Run[Any], number: int = 1, *, kind: str = "") -> list[Any]:
    """The hooks of the run that are of a kind, once there are so many."""
    async with asyncio.timeout(20):
        while True:
            found = [
                one
                for one in (await app.list_hooks(run.id)).hooks
                if one.metadata.get("kind", "").startswith(kind)
            ]
            if len(found) >= number:
                return found
            await asyncio.sleep(0.001)


@step(name="tools.send")
async def send(text: str) -> str:
    return f"sent {text}"


@workflow(name="agents.translate")
async def translate(text: str) -> str:
    return text[::-1]


WORK = Script(
    [
        [("remind", {"after": "20ms", "text": "tea"}), ("ask_child", {"text": "abc"})],
        [("sleep", {"duration": "soon"})],
        [("sleep", {"duration": "10ms"})],
        [("wait_for_mail", {})],
        [("ask_for_approval", {"question": "Go on?"})],
        [("ask_for_approval", {"question": "And on?"})],
        "done",
    ]
)
worker = Agent(
    WORK.model(),
    name="worker",
    capabilities=[Durable()],
    tools=[sleep_tool(), approval_tool()],
)


@worker.tool_plain(metadata=in_workflow())
async def remind(after: str, text: str) -> str:
    await sleep(after)
    return await send(text)


@worker.tool_plain(metadata=in_workflow())
async def ask_child(text: str) -> str:
    return await translate(text)


@worker.tool_plain(metadata=in_workflow())
async def wait_for_mail() -> str:
    mail: str = await hook(str, token=f"mail of {run_info().id}")
    return mail


@workflow(name="agents.work")
async def work() -> list[Any]:
    result = await worker.run("work")
    said = [
        part.content
        for message in result.all_messages()
        for part in message.parts
        if part.part_kind == "tool-return" and part.outcome != "retried"
    ]
    return [result.output, *said]


def test_a_tool_may_do_all_that_a_workflow_may(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(work())
        await waiting(app, run)
        await resume(f"mail of {run.id}", "a letter")
        [first] = await waiting(app, run, kind="approval")
        assert first.metadata["args"] == {"question": "Go on?"}
        await resume(first.token, Approval(approved=True, reason="But be quick."))
        while (second := (await waiting(app, run, kind="approval"))[0]).token == first.token:
            await asyncio.sleep(0.001)
        await resume(second.token, Approval(approved=False, reason="Too late."))
        assert await run.result("20s") == [
            "done",
            "sent tea",
            "cba",
            "10ms have passed.",
            "a letter",
            "Approved. But be quick.",
            "Too late.",
        ]
        assert "tools.send" in {step.name for step in await run.steps()}
        assert_replays(await record_history(run), work)

    serve(scenario)


LONG = Script([[("sleep", {"duration": "3 days"})], "rested"])
sleeper = Agent(LONG.model(), name="long", capabilities=[Durable()], tools=[sleep_tool()])


@workflow(name="agents.rest")
async def rest() -> str:
    return (await sleeper.run("rest")).output


def test_a_run_whose_agent_sleeps_leaves_memory_and_can_be_woken(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(rest())
        async with asyncio.timeout(20):
            while await run.status() is not RunStatus.SUSPENDED:
                await asyncio.sleep(0.001)
        asked = len(LONG.asked)
        await run.wake()
        assert await run.result("20s") == "rested"
        assert len(LONG.asked) == asked + 1

    serve(scenario)


THREAD = Script([[("blocks", {})], "never"])
blocking = Agent(THREAD.model(), name="blocking", capabilities=[Durable()])


@blocking.tool_plain(metadata=in_workflow())
def blocks() -> None: ...


@workflow(name="agents.blocked")
async def blocked() -> str:
    return (await blocking.run("go")).output


def test_a_def_function_cannot_run_in_the_workflow(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        failed = await outcome(await start(blocked()))
        assert isinstance(failed, RunFailedError)
        assert "'blocks' is to run in the workflow, but is no async def function" in str(failed)

    serve(scenario)


def test_outside_of_workflows_such_tools_say_where_they_belong() -> None:
    with pytest.raises(Exception, match=r"sleep\(\) cannot be used outside of a workflow"):
        asyncio.run(sleeper.run("rest"))


WRONG = Script([[("odd", {})], "never"])
wrong = Agent(WRONG.model(), name="wrong", capabilities=[Durable()])


@wrong.tool_plain(metadata={"outlast": {"retires": 3}})
async def odd() -> None: ...


@workflow(name="agents.is_wrong")
async def is_wrong() -> str:
    try:
        return (await wrong.run("go")).output
    except UserError as error:
        return str(error)


def test_metadata_that_say_nothing_known_are_refused(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        assert "make it with tool_step(...)" in await (await start(is_wrong())).result("20s")

    serve(scenario)
    assert tool_step(retries=0, timeout="30s") == {"outlast": {"retries": 0, "timeout": "30s"}}


SHARED = FunctionToolset[object](id="shared")


@SHARED.tool_plain
async def twice(n: int) -> int:
    return 2 * n


TWICE = Script([[("twice", {"n": 4})], "8"])
doubler = Agent(TWICE.model(), name="doubler", toolsets=[SHARED], capabilities=[Durable()])


@workflow(name="agents.doubles")
async def doubles() -> str:
    return (await doubler.run("go")).output


def test_the_input_of_a_call_tells_what_the_model_asked_for(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(doubles())
        assert await run.result("20s") == "8"
        [call] = [one for one in await run.steps() if "call_tool" in one.name]
        assert call.name == "doubler__function_toolset__shared.call_tool:twice"
        assert call.input["kwargs"] == {"call": "1-0", "args": {"n": 4}}

    serve(scenario)


STOP = Script([[("linger", {})], "never"])
lingering = Agent(STOP.model(), name="lingering", capabilities=[Durable()])
lingers, stopped = asyncio.Event(), list[str]()


@lingering.tool_plain
async def linger() -> None:
    lingers.set()
    try:
        await asyncio.Event().wait()
    finally:
        stopped.append("stopped")


@workflow(name="agents.lingers_on")
async def lingers_on() -> str:
    return (await lingering.run("go")).output


def test_stopping_the_run_stops_the_tool_that_is_at_work(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        lingers.clear()
        stopped.clear()
        run = await start(lingers_on())
        await lingers.wait()
        await run.cancel()
        assert isinstance(await outcome(run), RunCancelledError)
        assert stopped == ["stopped"]

    serve(scenario)
