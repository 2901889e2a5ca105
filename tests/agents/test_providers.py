"""Providers' own clients within a durable agent, against servers of OpenAI's and Anthropic's shape: what goes wrong
there, how often they are asked, and what is said of it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeAlias

import pytest
from pydantic_ai import Agent, RunContext
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models import Model
from pydantic_ai.usage import UsageLimits

from outlast import App, Run, RunCancelledError, RunFailedError, start, workflow
from outlast.agents import AgentEvent, Durable, StepOptions, in_workflow
from outlast.testing import assert_replays, record_history
from outlast.testing.models import Answer, ModelServer, Refusal, Reply, Silence, ToolCall
from tests.agents.conftest import Serve
from tests.api.conftest import outcome

SOON: Final = StepOptions(retries=3, backoff=0)
HELLO: Final = Answer("hello to you all")
LOOK: Final = Answer(calls=(ToolCall("look", {"at": "it"}),))
Api: TypeAlias = str
agents: list[Agent[object, str]] = []


@pytest.fixture(params=["openai", "anthropic"])
def api(request: pytest.FixtureRequest) -> Api:
    chosen: Api = request.param
    return chosen


def model_of(api: Api, server: ModelServer, name: str = "") -> Model:
    """A model whose provider is the server. It has tries of its own, as they all have by default."""
    found: Any
    # Their clients take seconds to import: only where they are used.
    models = pytest.importorskip(f"pydantic_ai.models.{api}", reason=f"no client of {api}")
    providers = pytest.importorskip(f"pydantic_ai.providers.{api}")
    if api == "openai":
        provider = providers.OpenAIProvider(base_url=server.openai_url, api_key="none")
        found = models.OpenAIChatModel(name or "gpt-4o", provider=provider)
    else:
        provider = providers.AnthropicProvider(base_url=server.anthropic_url, api_key="none")
        found = models.AnthropicModel(name or "claude-haiku-4-5", provider=provider)
    assert provider.client.max_retries > 0
    model: Model = found
    return model


def use(model: Model | str, *, stream: str | None = None, step: StepOptions = SOON) -> None:
    """What the workflow asks from now on."""
    agent = Agent(model, name="asker", capabilities=[Durable(stream=stream, model_step=step)])

    @agent.tool_plain
    async def look(at: str) -> str:
        return f"seen {at}"

    agents.append(agent)


@workflow(name="agents.asks_a_provider")
async def asks_a_provider(limit: int | None = None) -> list[Any]:
    result = await agents[-1].run("hi", usage_limits=UsageLimits(total_tokens_limit=limit))
    usage = result.usage
    return [result.output, usage.requests, usage.total_tokens, usage.cost]


@workflow(name="agents.asks_and_catches")
async def asks_and_catches() -> list[Any]:
    try:
        await agents[-1].run("hi")
    except ModelHTTPError as error:
        return [error.status_code, error.model_name, type(error).__name__, str(error)]
    return []


async def attempts(run: Run[Any]) -> list[int]:
    return [len(step.attempts) for step in await run.steps() if "model" in step.name]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("trouble", "asked"),
    [
        ([Refusal(429), Refusal(529), Refusal(500)], 4),
        ([Answer("hello to nobody", drop_after=4)], 2),
        ([Answer("hello to nobody", drop_after=0)], 2),
    ],
    ids=["limited, overloaded, broken", "dropped after some chunks", "dropped at once"],
)
def test_a_provider_in_trouble_is_asked_again_by_the_step_alone(
    serve: Serve, api: Api, streamed: bool, trouble: Sequence[Reply], asked: int
) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([*trouble, HELLO]) as server:
            use(model_of(api, server), stream="events" if streamed else None)
            run = await start(asks_a_provider())
            assert (await run.result("20s"))[:2] == ["hello to you all", 1]
            assert await attempts(run) == [asked]
            assert len(server.requests) == asked
            if streamed:
                events = [one async for one in run.stream("events", type=AgentEvent)]
                assert sum(one.event_kind == "part_start" for one in events) == 1

    serve(scenario)


def test_it_is_not_asked_before_it_wants_to_be(serve: Serve, api: Api) -> None:
    async def scenario(app: App) -> None:
        script: list[Reply] = [Refusal(429, retry_after=0.2), Refusal(529, retry_after=0.3), HELLO]
        async with ModelServer(script) as server:
            use(model_of(api, server))
            run = await start(asks_a_provider())
            await run.result("20s")
            [step] = await run.steps()
            first, second, third = (one.started_at for one in step.attempts)
            assert second - first >= timedelta(seconds=0.2)
            assert third - second >= timedelta(seconds=0.3)

    serve(scenario)


def test_a_model_by_its_name_is_asked_once_for_each_attempt(
    serve: Serve, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([Refusal(429), Refusal(503), HELLO]) as server:
            monkeypatch.setenv("OPENAI_API_KEY", "none")
            monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
            monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
            monkeypatch.setenv("ANTHROPIC_BASE_URL", server.anthropic_url)
            use("openai-chat:some-model" if api == "openai" else "anthropic:some-model")
            run = await start(asks_a_provider())
            assert (await run.result("20s"))[0] == "hello to you all"
            assert await attempts(run) == [3]
            assert len(server.requests) == 3

    serve(scenario)


def test_the_client_of_a_model_by_name_is_imported_when_the_agent_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("openai")
    needed = "pydantic_ai.providers.deepseek"
    monkeypatch.delitem(sys.modules, needed, raising=False)
    use("deepseek:some-model")  # without a key: who asks it hears of that
    assert needed in sys.modules
    use("nobody:some-model")
    use("nothing")


def test_workflows_make_a_model_by_name_once(serve: Serve) -> None:
    async def scenario(_app: App) -> None:
        use("test")
        seen: list[int] = []
        agents[-1].tool(metadata=in_workflow())(see_model(seen))
        for _ in range(2):
            await (await start(asks_a_provider())).result("20s")
        assert len(seen) >= 2
        assert len(set(seen)) == 1

    serve(scenario)


def see_model(seen: list[int]) -> Callable[[RunContext[object]], Awaitable[str]]:
    async def see(ctx: RunContext[object]) -> str:
        seen.append(id(ctx.model))
        return "seen"

    return see


@pytest.mark.parametrize("streamed", [False, True])
def test_arguments_that_are_no_json_are_the_models_to_correct(
    serve: Serve, api: Api, streamed: bool
) -> None:
    broken = Answer(calls=(ToolCall("look", '{"at": "i'),))

    async def scenario(app: App) -> None:
        async with ModelServer([broken, LOOK, HELLO]) as server:
            use(model_of(api, server), stream="events" if streamed else None)
            run = await start(asks_a_provider())
            assert (await run.result("20s"))[:2] == ["hello to you all", 3]
            assert await attempts(run) == [1, 1, 1]
            assert "seen it" in str(server.requests[2].body["messages"])

    serve(scenario)


CATEGORIES = {
    400: ("ModelRequestRejectedError", "ModelHTTPError"),
    401: ("ModelAuthenticationError",),
    404: ("ModelNotFoundError",),
}


@pytest.mark.parametrize(
    ("status", "said"), [(401, "status_code: 401"), (404, "status_code: 404"), (400, "no such")]
)
def test_what_a_provider_refuses_for_good_fails_at_once(
    serve: Serve, api: Api, status: int, said: str
) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([Refusal(status, message="no such model")]) as server:
            use(model_of(api, server, "no-such-model"))
            run = await start(asks_a_provider())
            failed = await outcome(run)
            assert isinstance(failed, RunFailedError)
            assert said in str(failed)
            assert "no-such-model" in str(failed)
            assert len(server.requests) == 1

        async with ModelServer([Refusal(status, message="no such model")]) as server:
            use(model_of(api, server, "no-such-model"))
            caught = await (await start(asks_and_catches())).result()
            assert caught[:2] == [status, "no-such-model"]
            assert caught[2] in CATEGORIES[status]
            assert said in caught[3]

    serve(scenario)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai-chat:some-model", "OPENAI_API_KEY"),
        ("anthropic:some-model", "ANTHROPIC_API_KEY"),
        ("nowhere:some-model", "nowhere"),
        ("some-model", "some-model"),
    ],
)
def test_a_missing_key_and_an_unknown_model_are_named(
    serve: Serve, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(app: App) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
        agents.append(Agent(name, name="keyless", capabilities=[Durable()], defer_model_check=True))
        run = await start(asks_a_provider())
        failed = await outcome(run)
        assert isinstance(failed, RunFailedError)
        assert said in str(failed)
        assert all(one == 1 for one in await attempts(run)), "that would be the same again"

    serve(scenario)


def test_a_provider_that_hangs_is_given_up(serve: Serve, api: Api) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([Silence(), Silence(), HELLO]) as server:
            # The last answer must come in time on a busy machine, too.
            use(model_of(api, server), step=StepOptions(retries=2, backoff=0, timeout="1s"))
            run = await start(asks_a_provider())
            assert (await run.result("20s"))[0] == "hello to you all"
            await left(server, 0, 1)
        async with ModelServer([Silence(), Silence()]) as server:
            use(model_of(api, server), step=StepOptions(retries=1, backoff=0, timeout="100ms"))
            failed = await outcome(await start(asks_a_provider()))
            assert "took longer than 0.1 s" in str(failed)
            assert "asker__model.request" in str(failed)

    serve(scenario)


@pytest.mark.parametrize("reply", [Silence(), Answer("and so on " * 1_000, pause=0.05)])
def test_cancelling_the_run_closes_the_connection(serve: Serve, api: Api, reply: Reply) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([reply]) as server:
            use(model_of(api, server), stream="events")
            run = await start(asks_a_provider())
            async with asyncio.timeout(20):
                while not server.requests:
                    await asyncio.sleep(0.001)
            await run.cancel()
            assert isinstance(await outcome(run), RunCancelledError)
            await left(server, 0)

    serve(scenario)


async def left(server: ModelServer, *requests: int) -> None:
    """Wait until the server has seen that the clients of these requests have gone."""
    async with asyncio.timeout(20):
        while len(server.abandoned) < len(requests):
            await asyncio.sleep(0.001)
    assert server.abandoned == [*requests]


def test_usage_and_cost_count_once(serve: Serve, api: Api) -> None:
    """Attempts that failed cost nothing that anybody knows of; a replay costs nothing."""

    async def scenario(app: App) -> None:
        async with ModelServer([LOOK, Refusal(500), LOOK, HELLO]) as server:
            use(model_of(api, server))
            run = await start(asks_a_provider())
            output, requests, tokens, cost = await run.result("20s")
            assert (output, requests) == ("hello to you all", 3)
            counted = [len(server.requests[n].body["messages"]) for n in (0, 2, 3)]
            assert tokens == sum(counted) + 1 + 1 + 4
            assert cost is not None
            assert 0 < cost < 1
            assert_replays(await record_history(run), asks_a_provider)
            assert len(server.requests) == 4

    serve(scenario)


def test_a_limit_of_tokens_is_reached_in_the_same_place_at_a_replay(serve: Serve, api: Api) -> None:
    async def scenario(app: App) -> None:
        async with ModelServer([LOOK, LOOK, HELLO]) as server:
            use(model_of(api, server))
            run = await start(asks_a_provider(3))
            failed = await outcome(run)
            assert "total_tokens_limit of 3" in str(failed)
            asked = len(server.requests)
            assert asked < 3
            assert_replays(await record_history(run), asks_a_provider)
            assert len(server.requests) == asked

    serve(scenario)
