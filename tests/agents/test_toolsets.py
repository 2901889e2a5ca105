"""Where tools and models come from: what is known when the agent is made becomes steps, and what comes later is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_ai import Agent, FunctionToolset, UserError
from pydantic_ai.toolsets import DynamicToolset

from outlast import App, start, workflow
from outlast.agents import Durable, in_workflow
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome

SCRIPT = Script([[("look", {"at": "Ur"})], "seen"])
looked: list[str] = []


async def look(at: str) -> str:
    looked.append(at)
    return f"seen {at}"


def looking(id: str, metadata: dict[str, Any] | None = None) -> FunctionToolset[object]:  # noqa: A002 - Pydantic AI's name
    toolset = FunctionToolset[object](id=id)
    toolset.add_function(look, takes_ctx=False, metadata=metadata)
    return toolset


dynamic = Agent(
    SCRIPT.model(),
    name="dynamic",
    toolsets=[DynamicToolset(lambda _ctx: looking("inner"), id="by_need")],
    capabilities=[Durable()],
)
bare = Agent(SCRIPT.model(), name="bare_of_tools", capabilities=[Durable()])
late = Agent(SCRIPT.model(), name="late_tools", capabilities=[Durable()])
two = Agent(
    SCRIPT.model(),
    name="two_models",
    toolsets=[looking("own")],
    capabilities=[Durable(models={"other": SCRIPT.model()})],
)


@late.toolset(id="by_decorator")
def by_decorator(_ctx: object) -> FunctionToolset[object]:
    return looking("inner")


@workflow(name="agents.by_dynamic")
async def by_dynamic() -> str:
    return (await dynamic.run("look")).output


@workflow(name="agents.by_late")
async def by_late() -> str:
    return (await late.run("look")).output


@workflow(name="agents.by_argument")
async def by_argument() -> str:
    return (await bare.run("look", toolsets=[looking("argument")])).output


@workflow(name="agents.by_override")
async def by_override() -> str:
    with bare.override(toolsets=[looking("override")]):
        return (await bare.run("look")).output


@workflow(name="agents.by_argument_in_workflow")
async def by_argument_in_workflow() -> str:
    inside = looking("inside", metadata=in_workflow())
    return (await bare.run("look", toolsets=[inside])).output


@workflow(name="agents.by_other_model")
async def by_other_model() -> str:
    return (await two.run("look", model="other")).output


@workflow(name="agents.by_unknown_model")
async def by_unknown_model() -> str:
    return (await two.run("look", model=SCRIPT.model())).output


@workflow(name="agents.by_sync")
async def by_sync() -> str:
    return two.run_sync("look").output


def test_a_dynamic_toolset_is_asked_in_steps(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(by_dynamic())
        assert await run.result("20s") == "seen"
        names = {step.name for step in await run.steps()}
        assert names == {
            "dynamic__dynamic_toolset__by_need.get_tools",
            "dynamic__dynamic_toolset__by_need.call_tool:look",
            "dynamic__model.request",
        }
        before = len(looked)
        assert_replays(await record_history(run), by_dynamic)
        assert len(looked) == before

    serve(scenario)


@pytest.mark.parametrize("flow", [by_late, by_argument, by_override])
def test_tools_that_come_after_the_agent_was_made_are_refused(
    serve: Serve, flow: Callable[[], Any]
) -> None:
    """They would be called in the workflow, and again at each replay."""

    async def scenario(app: App) -> None:
        looked.clear()
        failed = await outcome(await start(flow()))
        assert "Outlast" in str(failed)
        assert "toolset" in str(failed)
        assert looked == []

    serve(scenario)


def test_tools_for_workflows_may_come_later(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        assert await (await start(by_argument_in_workflow())).result("20s") == "seen"

    serve(scenario)


def test_a_model_is_chosen_among_those_that_are_known(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(by_other_model())
        assert await run.result("20s") == "seen"
        assert "two_models__model.request.other" in {step.name for step in await run.steps()}
        failed = await outcome(await start(by_unknown_model()))
        assert "Register the instance in `models=` on `Durable`" in str(failed)

    serve(scenario)


def test_the_blocking_way_to_run_an_agent_is_refused(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        assert "run_until_complete()" in str(await outcome(await start(by_sync())))

    serve(scenario)


def test_an_agent_and_its_toolsets_have_names() -> None:
    with pytest.raises(UserError, match="unique `name`"):
        Agent(SCRIPT.model(), capabilities=[Durable()])
    unnamed = FunctionToolset[object]()
    with pytest.raises(UserError, match="unique `id`"):
        Agent(SCRIPT.model(), name="named", toolsets=[unnamed], capabilities=[Durable()])
    with pytest.raises(UserError, match="same `id`"):
        Agent(
            SCRIPT.model(),
            name="named",
            toolsets=[looking("one"), looking("one")],
            capabilities=[Durable()],
        )
