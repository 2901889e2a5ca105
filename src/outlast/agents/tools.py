"""Tools for any agent that runs in a workflow: to sleep, and to ask a person."""

from typing import Any

from pydantic_ai import ModelRetry, Tool

from outlast import hook, sleep
from outlast.agents.approvals import Approval
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
    """A tool with which the model asks a person whether it may do something. The person answers with
    `outlast.resume(token, Approval(...))`; the hook's metadata has the question."""

    async def ask_for_approval(question: str) -> str:
        """Ask a person for approval, and wait for the answer.

        Args:
            question: What to approve, in full: the person sees nothing else.
        """
        about = {"kind": "question", "tool": name, "question": question}
        async with hook(Approval, metadata=about) as asked:
            answer = await asked
        verdict = "Approved." if answer.approved else "Not approved."
        return f"{verdict} {answer.reason}" if answer.reason else verdict

    return Tool(ask_for_approval, takes_ctx=False, name=name, metadata=in_workflow())
