"""Asking for approval, in hand-written loops. Agents do it by themselves."""

from outlast import hook, step
from outlast.agents import Approval
from outlast.agents.ui.chunks import Finish, ToolApprovalRequest, ToolApprovalResponse
from outlast.agents.ui.transform import approval_id
from outlast.agents.ui.writing import message


async def approval(message_id: str, call_id: str) -> Approval:
    """Wait, in a workflow, until the user has approved or denied a call of a tool in a message: one whose
    `ToolInputAvailable` was written. For days, if it takes so long.

    Write what came of the call then: `ToolOutputAvailable`, `ToolOutputError` or `ToolOutputDenied`.
    """
    about = {"kind": "approval", "call": call_id}
    async with hook(Approval, metadata=about) as asked:
        await _ask(message_id, call_id)
        answer = await asked
    await _tell(message_id, call_id, answer.approved, answer.reason)
    return answer


@step(name="outlast.chat.ask")
async def _ask(message_id: str, call_id: str) -> None:
    identity = approval_id(message_id, call_id)
    async with message(message_id) as out:
        await out.write(
            ToolApprovalRequest(approval_id=identity, tool_call_id=call_id),
            Finish(finish_reason="tool-calls"),
        )


@step(name="outlast.chat.answered")
async def _tell(message_id: str, call_id: str, approved: bool, reason: str | None) -> None:  # noqa: FBT001 - recorded so
    identity = approval_id(message_id, call_id)
    async with message(message_id) as out:
        await out.write(
            ToolApprovalResponse(approval_id=identity, approved=approved, reason=reason)
        )
