"""Approvals: what a client sends is matched against what the server itself waits for."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from outlast import App
from outlast.agents import Approval
from outlast.agents.ui.incoming import Verdict
from outlast.agents.ui.standing import Standing
from outlast.agents.ui.transform import approval_id
from outlast.agents.ui.writing import STREAMS
from outlast.errors import HookNotFoundError, RequestError
from outlast.records import HookInfo

PATIENCE: Final = 5.0
"""Seconds in which a hook is opened, after the request for approval was written."""


async def approve(app: App, standing: Standing, verdicts: Sequence[Verdict]) -> int:
    """Hand in the verdicts, all of them or none. Returns the index at which the message goes on.

    What is called, and with which arguments, is what the run has recorded: nothing of it is taken from the request.

    Raises `RequestError` with 409 if one of them is not waited for: it was made up, given before, or comes too late.
    """
    asked = await _asked(standing)
    if not all(one.id in asked for one in verdicts):
        raise _not_asked()
    end = (await standing.run.stream_info(STREAMS + standing.reply)).tail + 1
    hooks = await _hooks(app, standing, {one.id for one in verdicts})
    for one in verdicts:
        answer = Approval(approved=one.approved, reason=one.reason)
        try:
            await app.resume(hooks[one.id].token, answer, key=f"approval:{one.id}")
        except HookNotFoundError:
            raise _not_asked() from None
    # Where others are still to be answered the message does not go on: the client gets its last chunk again, the end.
    still = (await _open_hooks(app, standing)).keys() - {one.id for one in verdicts}
    return end - 1 if still else end


async def _asked(standing: Standing) -> set[str]:
    """The approvals for which the message waits: those asked for last, if it has not gone on since."""
    forms: list[dict[str, Any]] = [
        one async for one in standing.run.stream(STREAMS + standing.reply, follow=False)
    ]
    if not forms or forms[-1]["type"] != "finish" or not await standing.is_open():
        return set()
    asked: set[str] = set()
    for one in reversed(forms[:-1]):
        if one["type"] not in ("tool-approval-request", "finish"):
            break
        asked.add(str(one.get("approvalId")))
    return asked


async def _hooks(app: App, standing: Standing, wanted: set[str]) -> dict[str, HookInfo]:
    """The run's own hooks for these approvals; waits a little for those that are just being opened."""
    try:
        async with asyncio.timeout(PATIENCE):
            begun = (await standing.run.info()).events
            found = await _open_hooks(app, standing)
            if wanted <= found.keys():
                return found
            async for _ in standing.run.follow(begun):
                found = await _open_hooks(app, standing)
                if wanted <= found.keys():
                    return found
    except TimeoutError:
        pass
    raise _not_asked()


async def _open_hooks(app: App, standing: Standing) -> dict[str, HookInfo]:
    page = await app.list_hooks(standing.run.id, limit=1_000)
    return {
        approval_id(standing.reply, str(one.metadata.get("call"))): one
        for one in page.hooks
        if one.metadata.get("kind") == "approval"
    }


def _not_asked() -> RequestError:
    return RequestError(
        "no approval is waited for under this id: it was given before, or comes too late",
        status=409,
        hint="Load the chat again.",
    )
