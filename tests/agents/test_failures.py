"""What becomes of errors: those of the agent's own business, of providers, and of tools."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic_ai import Agent, ModelRetry, UnexpectedModelBehavior, UserError
from pydantic_ai.exceptions import (
    FallbackExceptionGroup,
    ModelConnectionError,
    ModelHTTPError,
    UsageLimitExceeded,
)
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.usage import UsageLimits

from outlast import App, Run, RunFailedError, StepFailedError, start, workflow
from outlast.agents import Durable, StepOptions, tool_step
from outlast.agents.failures import worth_retrying
from outlast.agents.providers import without_retries
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.api.conftest import outcome

SOON = StepOptions(retries=2, backoff=0)
troubles: list[Exception] = []
OK = Script(["fine"])


def _troubled(messages: Any, info: Any) -> Any:
    if troubles:
        raise troubles.pop(0)
    return OK._answer(messages, info)


troubled = Agent(FunctionModel(_troubled), name="troubled", capabilities=[Durable(model_step=SOON)])


@workflow(name="agents.request")
async def request() -> str:
    try:
        return (await troubled.run("go")).output
    except ModelHTTPError as error:
        return f"status {error.status_code}"
    except FallbackExceptionGroup as error:
        return f"statuses {[getattr(one, 'status_code', 0) for one in error.exceptions]}"
    except UserError:
        return "a mistake"


def http(status: int, **headers: str) -> ModelHTTPError:
    return ModelHTTPError(status, "some-model", {"said": "no"}, headers=headers)


async def attempts(run: Run[Any]) -> int:
    [step] = await run.steps()
    return len(step.attempts)


@pytest.mark.parametrize(
    ("trouble", "said", "made"),
    [
        ([http(503), http(529)], "fine", 3),
        ([http(429), ModelConnectionError("some-model", "gone")], "fine", 3),
        ([UnexpectedModelBehavior("no answer in it")], "fine", 2),
        (
            [http(429, **{"retry-after": "1764000000"}), http(429, **{"retry-after": "9" * 12})],
            "fine",
            3,
        ),
        ([http(500), http(500), http(502)], "status 502", 3),
        ([http(400)], "status 400", 1),
        ([http(401)], "status 401", 1),
        ([UserError("no such setting")], "a mistake", 1),
    ],
)
def test_providers_are_asked_again_where_that_may_help(
    serve: Serve, trouble: list[Exception], said: str, made: int
) -> None:
    async def scenario(app: App) -> None:
        troubles[:] = trouble
        run = await start(request())
        assert await run.result("20s") == said
        assert await attempts(run) == made

    serve(scenario)


def test_a_provider_is_not_asked_before_it_wants_to_be(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        troubles[:] = [
            http(429, **{"Retry-After-Ms": "300"}),
            http(429, **{"retry-after-ms": "200"}),
        ]
        run = await start(request())
        assert await run.result("20s") == "fine"
        [step] = await run.steps()
        first, second, third = step.attempts
        assert second.started_at - first.started_at >= timedelta(milliseconds=300)
        assert third.started_at - second.started_at >= timedelta(milliseconds=200)

    serve(scenario)


def test_who_says_when_until_the_end_has_failed_as_itself(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        troubles[:] = [http(429, **{"retry-after-ms": "1"}) for _ in range(3)]
        assert await (await start(request())).result("20s") == "status 429"

    serve(scenario)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (http(408), True),
        (http(422), False),
        (http(500, **{"x-should-retry": "false"}), False),
        (http(400, **{"x-should-retry": "true"}), True),
        (UsageLimitExceeded("enough"), False),
        (ConnectionError("of a tool"), True),
        (FallbackExceptionGroup("all", [http(400), http(401)]), False),
        (FallbackExceptionGroup("all", [http(400), http(503)]), True),
    ],
)
def test_what_is_worth_another_attempt(error: Exception, expected: bool) -> None:
    assert worth_retrying(error) == expected


def test_of_several_models_the_soonest_is_waited_for(serve: Serve) -> None:
    limited, refused = http(429, **{"retry-after-ms": "300"}), http(400)
    later = FallbackExceptionGroup("all", [limited, http(429, **{"retry-after-ms": "9000"})])

    async def scenario(app: App) -> None:
        troubles[:] = [later, FallbackExceptionGroup("all", [limited, refused]), refused]
        run = await start(request())
        assert await run.result("20s") == "status 400"
        [step] = await run.steps()
        first, second, third = step.attempts
        assert second.started_at - first.started_at >= timedelta(milliseconds=300)
        assert third.started_at - second.started_at >= timedelta(milliseconds=300)

    serve(scenario)


def test_all_models_that_have_failed_are_told(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        troubles[:] = [FallbackExceptionGroup("all", [http(400), http(404)])]
        run = await start(request())
        assert await run.result("20s") == "statuses [400, 404]"
        assert await attempts(run) == 1

    serve(scenario)


ROUNDS = Script([[("pick", {"n": 1})], [("pick", {"n": "two"})], [("pick", {"n": 2})], "picked"])
picker = Agent(ROUNDS.model(), name="picker", capabilities=[Durable()], retries=3)


@picker.tool_plain
async def pick(n: int) -> str:
    if n == 1:
        raise ModelRetry("one is taken")
    return str(n)


@workflow(name="agents.picks")
async def picks() -> list[Any]:
    result = await picker.run("pick one")
    return [result.output, result.usage.requests]


def test_what_the_model_is_to_correct_is_no_failure_of_a_step(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(picks())
        assert await run.result("20s") == ["picked", 4]
        steps = [step for step in await run.steps() if "pick" in step.name]
        assert {step.status for step in steps} == {"completed"}
        assert {len(step.attempts) for step in steps} == {1}

    serve(scenario)


BREAKS = Script([[("break_it", {})], "never"])
breaker = Agent(BREAKS.model(), name="breaker", capabilities=[Durable(tool_step=SOON)])
BIG = Script([[("big", {})], "never"])
bigger = Agent(BIG.model(), name="bigger", capabilities=[Durable()])
ODD = Script([[("odd", {})], "never"])
odder = Agent(ODD.model(), name="odder", capabilities=[Durable()])


@breaker.tool_plain(metadata=tool_step(retries=1))
async def break_it() -> str:
    raise ConnectionError("the wire is cut")


@bigger.tool_plain
async def big() -> str:
    return "x" * 5_000_000


@odder.tool_plain
async def odd() -> Any:
    return object()


@workflow(name="agents.breaks")
async def breaks() -> str:
    return (await breaker.run("go")).output


@workflow(name="agents.is_big")
async def is_big() -> str:
    return (await bigger.run("go")).output


@workflow(name="agents.is_odd")
async def is_odd() -> str:
    return (await odder.run("go")).output


@pytest.mark.parametrize(
    ("call", "tool", "attempts", "why"),
    [
        (breaks, "break_it", 2, "the wire is cut"),
        (is_big, "big", 1, "5,000,0"),
        (is_odd, "odd", 1, "JSON form"),
    ],
)
def test_a_tool_that_fails_is_named(
    serve: Serve, call: Any, tool: str, attempts: int, why: str
) -> None:
    async def scenario(app: App) -> None:
        run = await start(call())
        failed = await outcome(run)
        assert isinstance(failed, RunFailedError)
        assert f"call_tool:{tool}'" in str(failed)
        assert why in str(failed)
        told = failed.__cause__
        assert isinstance(told, StepFailedError)
        assert why in str(told.__cause__)
        [step] = [step for step in await run.steps() if step.status == "failed"]
        assert len(step.attempts) == attempts

    serve(scenario)


@workflow(name="agents.limited")
async def limited() -> str:
    try:
        await picker.run("go", usage_limits=UsageLimits(request_limit=1))
    except UsageLimitExceeded as error:
        return str(error)
    return "no limit"


def test_a_limit_is_the_agents_business(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(limited())
        assert "request_limit of 1" in await run.result("20s")
        assert {step.status for step in await run.steps()} == {"completed"}

    serve(scenario)


def test_clients_of_providers_try_once() -> None:
    client = SimpleNamespace(max_retries=2)
    model = OK.model()
    model.client = client  # type: ignore[attr-defined]
    without_retries(FallbackModel(model, OK.model()))
    assert client.max_retries == 0


async def _hangs(messages: Any, info: Any) -> Any:
    await asyncio.Event().wait()


hanging = Agent(
    FunctionModel(_hangs),
    name="hanging",
    capabilities=[Durable(model_step=StepOptions(retries=1, backoff=0, timeout="10ms"))],
)


@workflow(name="agents.hangs")
async def hangs() -> str:
    return (await hanging.run("go")).output


def test_a_model_that_hangs_is_given_up(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(hangs())
        failed = await outcome(run)
        assert "step 'hanging__model.request'" in str(failed)
        assert "after 2 attempts" in str(failed)
        assert "took longer than 0.01 s" in str(failed)

    serve(scenario)
