"""An agent keeps its types with `Durable()`, and its options have theirs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import reveal_type

from pydantic_ai import Agent, RunContext

from outlast import workflow
from outlast.agents import (
    Approval,
    Durable,
    StepOptions,
    approval_tool,
    in_workflow,
    sleep_tool,
    tool_step,
)


@dataclass
class Shop:
    name: str


clerk = Agent(
    "test",
    name="clerk",
    deps_type=Shop,
    output_type=int,
    capabilities=[Durable[Shop](stream="events")],
    tools=[sleep_tool(), approval_tool()],
)


@clerk.tool(metadata=tool_step(retries=0, timeout=timedelta(seconds=30)))
async def price(ctx: RunContext[Shop], item: str) -> int:
    reveal_type(ctx.deps)  # revealed: Shop
    return len(item)


@clerk.tool_plain(metadata=in_workflow())
async def wait_a_bit() -> None: ...


@workflow
async def serve(request: str) -> int:
    result = await clerk.run(request, deps=Shop("corner"))
    reveal_type(result.output)  # revealed: int
    return result.output


Durable[Shop](model_step=StepOptions(retries=1), name="other", approvals=False)
Durable[Shop](queue="gpu")  # error
StepOptions(retries="many")  # error
reveal_type(Approval(approved=True).reason)  # revealed: str | None
