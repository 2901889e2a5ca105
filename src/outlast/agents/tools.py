"""Tools for any agent that runs in a workflow: to sleep, and to ask a person."""

from typing import Any

from pydantic_ai import ModelRetry, RunContext, Tool

from outlast import sleep
from outlast.agents.options import in_workflow
from outlast.errors import InvalidDurationError


def sleep_tool(name: str = "sleep") -> Tool[Any]:
    """A tool with which the model pauses, for seconds or for months. Meanwhile the run is a row in the database.

    What it is given that is no time is the model's to correct.
    """

    async def sleep_for(duration: str) -> str:
        """Pause before going on.

        Args:
            duration: How long, such as "90 seconds", "3 hours" or "2 days".
        """
        try:
            await sleep(duration)
        except InvalidDurationError as error:
            raise ModelRetry(str(error)) from error
        return f"{duration} have passed."

    return Tool(sleep_for, takes_ctx=False, name=name, metadata=in_workflow())


def approval_tool(name: str = "ask_for_approval") -> Tool[Any]:
    """A tool with which the model asks a person whether it may do something. It is a tool that requires approval and
    does nothing else: so it asks as those do, on a hook for an `Approval`, or in the message of a chat, when the other
    calls of the same answer are done. The model reads a yes or a no, and the reason."""

    async def ask_for_approval(ctx: RunContext[Any], question: str) -> str:
        """Ask a person for approval, and wait for the answer.

        Args:
            question: What to approve, in full: the person sees nothing else.
        """
        told: dict[str, str] = ctx.tool_call_metadata or {}
        reason = told.get("reason")
        return f"Approved. {reason}" if reason else "Approved."

    return Tool(
        ask_for_approval,
        takes_ctx=True,
        name=name,
        requires_approval=True,
        metadata=in_workflow(),
    )
