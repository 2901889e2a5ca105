"""Waiting for people within an agent's run: on hooks of the run that it belongs to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_ai.durable_exec import ExternalEventError, ExternalEventWaiter
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults, ToolApproved, ToolDenied

from outlast import hook
from outlast.agents.operations import in_step
from outlast.agents.options import StepOptions
from outlast.agents.turns import current_turn
from outlast.errors import HookExpiredError


class Approval(BaseModel):
    """The answer of a person to the question whether a tool may be called. What is called, and with which arguments,
    is not in it: that is taken from the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approved: bool
    reason: str | None = None
    """Why not: the model reads it."""


async def decide(agent: str, requests: DeferredToolRequests) -> DeferredToolResults:
    """Wait until a person has decided on each call, in whatever order they do. The reason for a yes is for the tool: it
    is in its context's `tool_call_metadata`."""
    answers = await asyncio.gather(*[_answer(agent, call) for call in requests.approvals])
    by_call = {
        call.tool_call_id: answer for call, answer in zip(requests.approvals, answers, strict=True)
    }
    return requests.build_results(
        approvals={call: _decision(answer) for call, answer in by_call.items()},
        metadata={
            call: {"reason": answer.reason}
            for call, answer in by_call.items()
            if answer.approved and answer.reason
        },
    )


async def _answer(agent: str, call: ToolCallPart) -> Approval:
    about = {
        "kind": "approval",
        "agent": agent,
        "tool": call.tool_name,
        "call": call.tool_call_id,
        "args": call.args_as_dict(),
    }
    async with hook(Approval, metadata=about, once=True) as asked:
        answer: Approval = await asked
    return answer


def _decision(answer: Approval) -> ToolApproved | ToolDenied:
    if answer.approved:
        return ToolApproved()
    return ToolDenied(answer.reason) if answer.reason else ToolDenied()


@dataclass(frozen=True)
class HookWaiter(ExternalEventWaiter):
    """How Pydantic AI's own waits (`RequestInput`) wait in a workflow: the token that they hand out is a hook's, to
    be given to `outlast.resume(token, payload)`."""

    agent: str

    async def wait(
        self,
        name: str,
        *,
        ask: Callable[[str], Awaitable[JsonValue]],
        timeout: timedelta | None,  # noqa: ASYNC109 - the signature is Pydantic AI's
    ) -> JsonValue:
        """What `ask` answers, which is executed in a step; or else the payload of the hook."""
        about = {"kind": "input", "agent": self.agent, "name": name}
        async with hook(metadata=about, expires=timeout, once=True) as asked:
            answer: JsonValue = await in_step(
                f"{self.agent}__external_event.{name}.ask",
                lambda: ask(asked.token),
                StepOptions(),
                turn=current_turn(),
            )
            if answer is not None:
                return answer
            try:
                payload: JsonValue = await asked
            except HookExpiredError as expired:
                message = f"nobody has answered within {timeout}"
                raise ExternalEventError(message) from expired
            return payload
