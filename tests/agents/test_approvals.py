"""Tools that want approval wait for a person on a hook, and the same run goes on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic_ai import Agent, RunContext
from pydantic_ai.capabilities import RequestInput
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, ToolDenied

from outlast import App, resume, start, workflow
from outlast.agents import Approval, Durable
from outlast.errors import HookNotFoundError, HookPayloadError
from tests.agents.conftest import Serve
from tests.agents.scripted import Script
from tests.agents.test_tools import waiting

PAYMENTS = [("pay", {"amount": 5}), ("pay", {"amount": 7})]
PAY = Script([PAYMENTS, "done"])
paid: list[int] = []


async def pay(amount: int) -> str:
    paid.append(amount)
    return f"paid {amount}"


def payer(name: str, *capabilities: Any, **options: Any) -> Agent[object, Any]:
    agent = Agent(PAY.model(), name=name, capabilities=capabilities, **options)
    agent.tool_plain(requires_approval=True)(pay)
    return agent


def returns(result: Any) -> list[Any]:
    return [
        part.content
        for message in result.all_messages()
        for part in message.parts
        if part.part_kind == "tool-return"
    ]


by_hook = payer("by_hook", Durable())


@workflow(name="agents.pays")
async def pays() -> list[Any]:
    return returns(await by_hook.run("pay both"))


def test_each_call_is_decided_by_itself(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        paid.clear()
        run = await start(pays())
        tokens = {one.metadata["args"]["amount"]: one for one in await waiting(app, run, 2)}
        assert tokens[5].metadata["tool"] == "pay"
        assert tokens[5].metadata["agent"] == "by_hook"
        await resume(tokens[7].token, Approval(approved=False, reason="too much"))
        await resume(tokens[5].token, {"approved": True})
        assert await run.result("20s") == ["paid 5", "too much"]
        assert paid == [5]

    serve(scenario)


def test_answers_that_are_forged_or_late_are_refused(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        paid.clear()
        run = await start(pays())
        first, second = await waiting(app, run, 2)
        with pytest.raises(HookPayloadError):
            await resume(first.token, {"approved": True, "args": {"amount": 1_000}})
        with pytest.raises(HookPayloadError):
            await resume(first.token, {"approved": "perhaps"})
        with pytest.raises(HookNotFoundError):
            await resume("a guess", Approval(approved=True))
        for one in (first, second):
            await resume(one.token, Approval(approved=False))
        await run.result("20s")
        with pytest.raises(HookNotFoundError):
            await resume(first.token, Approval(approved=True))
        assert paid == []

    serve(scenario)


handed: list[str] = []


def hand_out(ctx: RunContext[object], requests: DeferredToolRequests, token: str) -> None:
    handed.append(token)


by_input = payer("by_input", RequestInput(hand_out), Durable())


@workflow(name="agents.asks")
async def asks() -> list[Any]:
    return returns(await by_input.run("pay both"))


def test_request_input_waits_on_a_hook(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        handed.clear()
        run = await start(asks())
        [found] = await waiting(app, run)
        while not handed:
            await asyncio.sleep(0.001)
        assert handed == [found.token]
        answer = {"approvals": {"1-0": True, "1-1": {"kind": "tool-denied", "message": "no"}}}
        await resume(found.token, answer)
        assert await run.result("20s") == ["paid 5", "no"]
        assert handed == [found.token]
        names = [step.name for step in await run.steps()]
        assert names.count("by_input__external_event.deferred_tool_calls.ask") == 1

    serve(scenario)


hasty = payer("hasty", RequestInput(hand_out, timeout=timedelta(milliseconds=50)), Durable())


@workflow(name="agents.asks_in_haste")
async def asks_in_haste() -> list[Any]:
    return returns(await hasty.run("pay both"))


def test_request_input_that_nobody_answers_in_time_is_denied(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        paid.clear()
        handed.clear()
        run = await start(asks_in_haste())
        denied = await run.result("20s")
        assert len(denied) == 2
        assert all("nobody has answered within" in one for one in denied)
        with pytest.raises(HookNotFoundError):
            await resume(handed[0], {"approvals": {"1-0": True, "1-1": True}})
        assert paid == []

    serve(scenario)


def at_once(
    ctx: RunContext[object], requests: DeferredToolRequests, token: str
) -> DeferredToolResults:
    return requests.build_results(approve_all=True)


answered = payer("answered", RequestInput(at_once), Durable())
left = payer("left", Durable(approvals=False), output_type=[str, DeferredToolRequests])


@workflow(name="agents.asks_a_policy")
async def asks_a_policy() -> list[Any]:
    return returns(await answered.run("pay both"))


@workflow(name="agents.leaves")
async def leaves() -> list[Any]:
    first = await left.run("pay both")
    assert isinstance(first.output, DeferredToolRequests)
    decided = DeferredToolResults(approvals={"1-0": True, "1-1": ToolDenied("no")})
    again = await left.run(message_history=first.all_messages(), deferred_tool_results=decided)
    return returns(again)


def test_other_ways_to_decide_are_left_to_the_agent(serve: Serve) -> None:
    async def scenario(app: App) -> None:
        run = await start(asks_a_policy())
        assert await run.result("20s") == ["paid 5", "paid 7"]
        assert await (await start(leaves())).result("20s") == ["paid 5", "no"]

    serve(scenario)
