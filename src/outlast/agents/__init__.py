"""Durable agents: give a Pydantic AI agent the capability `Durable()`, and run it in a workflow. Needs the extra
`outlast[agents]`."""

try:
    from outlast.agents.approvals import Approval
    from outlast.agents.durable import Durable
    from outlast.agents.events import AgentEvent
    from outlast.agents.options import StepOptions, in_workflow, tool_step
    from outlast.agents.tools import approval_tool, sleep_tool
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing not in ("opentelemetry", "pydantic_ai"):
        raise
    raise ModuleNotFoundError(
        f"outlast.agents needs {missing}, which is not installed. "
        'Install the extra: pip install "outlast[agents]".',
        name=missing,
    ) from error

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
