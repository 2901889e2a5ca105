"""Durable agents: give a Pydantic AI agent the capability `Durable()`, and run it in a workflow. Needs the extra
`outlast[agents]`."""

from outlast._extras import importing

with importing("agents", ("opentelemetry", "pydantic_ai")):
    from outlast.agents.approvals import Approval
    from outlast.agents.durable import Durable
    from outlast.agents.events import AgentEvent
    from outlast.agents.options import StepOptions, in_workflow, tool_step
    from outlast.agents.tools import approval_tool, sleep_tool

__all__ = [
    "AgentEvent",
    "Approval",
    "Durable",
    "StepOptions",
    "approval_tool",
    "in_workflow",
    "sleep_tool",
    "tool_step",
]
