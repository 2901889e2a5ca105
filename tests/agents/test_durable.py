"""An agent in a workflow: what is recorded, what is made again, and what stays as it is without workflows."""

import asyncio
import threading
from typing import Any

import pydantic
from pydantic_ai import Agent, ModelRetry, RunContext, UsageLimits
from pydantic_ai.capabilities import ProcessHistory
from pydantic_ai.exceptions import UsageLimitExceeded
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from outlast import App, RunCancelledError, start, workflow
from outlast.agents import Durable
from outlast.testing import assert_replays, record_history
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome

PLAN = Script([[("add", {"a": 1, "b": 2}), ("shout", {"text": "hi"})], "3 HI"])
calls: list[str] = []
clerk = Agent(PLAN.model(), name="clerk", capabilities=[Durable()])


@clerk.tool_plain
def add(a: int, b: int) -> int:
    calls.append("add")
    return a + b


@clerk.tool_plain
async def shout(text: str) -> str:
    calls.append("shout")
    return text.upper()


@workflow(name="agents.ask")
async def ask(prompt: str) -> list[Any]:
    result = await clerk.run(prompt)
    return [result.output, result.usage.requests, result.usage.tool_calls]


def test_requests_and_calls_are_steps_of_these_names(serve: Serve) -> None:
    """The names stand in logs. A change of one strands the runs that are on their way."""

    async def scenario(app: App) -> None:
        run = await start(ask("add and shout"))
        assert await run.result("20s") == ["3 HI", 2, 2]
        assert sorted(step.name for step in await run.steps()) == [
            "clerk__function_toolset__<agent>.call_tool:add",
            "clerk__function_toolset__<agent>.call_tool:shout",
            "clerk__model.request",
            "clerk__model.request",
        ]
        assert {step.line for step in await run.steps()} == {None}, "a line of the library's loop"

    serve(scenario)


def test_a_replay_asks_nobody_and_counts_the_same(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(ask("add and shout"))
        await run.result("20s")
        before = len(calls), len(PLAN.asked)
        assert_replays(await record_history(run), ask)
        assert (len(calls), len(PLAN.asked)) == before

    serve(scenario)


PLAIN = Script(
    [[("where", {})], [("final_result", {"text": "no"})], [("final_result", {"text": "hi"})]]
)
places: dict[str, str] = {}


def here(what: str) -> str:
    places[what] = threading.current_thread().name
    return what


def recent(messages: list[ModelMessage]) -> list[ModelMessage]:
    here("history")
    return messages


def shouted(text: str) -> str:
    here("output")
    if text == "no":
        raise ModelRetry("say something else")
    return text.upper()


plain = Agent(
    PLAIN.model(),
    name="plain_functions",
    output_type=shouted,
    capabilities=[Durable(), ProcessHistory(recent)],
)
plain.instructions(lambda: here("instructions"))
plain.system_prompt(lambda: here("prompt"))


@plain.output_validator
def valid(output: str) -> str:
    here("validator")
    return output


@plain.tool_plain
def where() -> str:
    return here("tool")


@workflow(name="agents.calls_plain_functions")
async def calls_plain_functions() -> str:
    return (await plain.run("hi")).output


def test_def_functions_of_the_agent_are_workflow_code_and_those_of_tools_have_threads(
    serve: Serve,
) -> None:
    async def scenario(app: App) -> None:
        run = await start(calls_plain_functions())
        assert await run.result("20s") == "HI"
        elsewhere = places.pop("tool")
        assert set(places) == {"history", "output", "instructions", "prompt", "validator"}
        assert set(places.values()) == {threading.current_thread().name} != {elsewhere}
        places.clear()
        await asyncio.to_thread(assert_replays, await record_history(run), calls_plain_functions)
        assert "tool" not in places

    serve(scenario)


def test_outside_of_workflows_it_is_an_agent_like_any_other() -> None:
    result = asyncio.run(clerk.run("add and shout"))
    assert result.output == "3 HI"
    assert result.usage.tool_calls == 2


class City(pydantic.BaseModel):
    name: str
    people: int


CITY = Script(
    [[("final_result", {"name": "Ur", "people": "many"})]] * 1
    + [[("final_result", {"name": "Ur", "people": 65_000})]]
)
scholar = Agent(CITY.model(), name="scholar", output_type=City, capabilities=[Durable()])


@workflow(name="agents.describe")
async def describe() -> City:
    return (await scholar.run("the oldest")).output


def test_output_is_checked_and_the_model_asked_again(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        assert await (await start(describe())).result("20s") == City(name="Ur", people=65_000)

    serve(scenario)


def _count(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    from pydantic_ai.messages import TextPart

    return ModelResponse(parts=[TextPart(f"{len(messages)} messages")])


counter = Agent(FunctionModel(_count), name="counter", capabilities=[Durable()])


@workflow(name="agents.converse")
async def converse(turns: int) -> list[str]:
    answers, history = list[str](), list[ModelMessage]()
    for turn in range(turns):
        result = await counter.run(f"turn {turn}", message_history=history)
        history = result.all_messages()
        answers.append(result.output)
    return answers


def test_a_conversation_goes_on_with_its_history(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(converse(3))
        assert await run.result("20s") == ["1 messages", "3 messages", "5 messages"]
        inputs = [step.input for step in await run.steps()]
        assert max(len(str(one)) for one in inputs) < 120, "the history is in the log once"

    serve(scenario)


HELP = Script(["helped"])
helper = Agent(HELP.model(), name="helper")
ASKS = Script([[("consult", {}), ("consult", {})], "done"])
boss = Agent(ASKS.model(), name="boss", capabilities=[Durable()])


@boss.tool
async def consult(ctx: RunContext[object]) -> str:
    return (await helper.run("help", usage=ctx.usage)).output


@workflow(name="agents.delegate")
async def delegate(limit: int | None) -> list[Any]:
    limits = UsageLimits(request_limit=limit)
    try:
        usage = (await boss.run("go", usage_limits=limits)).usage
    except UsageLimitExceeded as error:
        return [str(error)]
    return [usage.requests, usage.tool_calls, usage.input_tokens]


def test_what_tools_spend_counts_once_and_to_the_limit(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(delegate(None))
        assert await run.result("20s") == [4, 2, 40]
        assert_replays(await record_history(run), delegate)
        limited = await start(delegate(3))
        [said] = await limited.result("20s")
        assert "request_limit of 3" in said
        assert_replays(await record_history(limited), delegate)

    serve(scenario)


began, ended = asyncio.Event(), list[str]()


async def _hang(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    began.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise
    raise AssertionError


sleeper = Agent(FunctionModel(_hang), name="sleeper", capabilities=[Durable()])


@workflow(name="agents.never")
async def never() -> str:
    return (await sleeper.run("wait")).output


def test_cancelling_the_run_cancels_the_request_that_is_under_way(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        began.clear()
        ended.clear()
        run = await start(never())
        await began.wait()
        await run.cancel()
        assert isinstance(await outcome(run), RunCancelledError)
        assert ended == ["cancelled"]

    serve(scenario)
