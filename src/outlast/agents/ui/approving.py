"""Approvals: what a client sends is matched against what the server itself waits for."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from outlast import App
from outlast.agents import Approval
from outlast.agents.ui.incoming import Verdict
from outlast.agents.ui.standing import Standing, handed_in
from outlast.agents.ui.transform import approval_id
from outlast.agents.ui.writing import STREAMS
from outlast.errors import HookNotFoundError, RequestError
from outlast.records import HookInfo

PATIENCE: Final = 5.0
"""Seconds in which a hook is opened, after the request for approval was written."""


class _Asked(msgspec.Struct, frozen=True):
    """The approvals for which a message waits: the ids of the calls by the ids of the approvals."""

    calls: dict[str, str]
    end: int
    """The index behind the last chunk there is."""


async def approve(app: App, standing: Standing, verdicts: Sequence[Verdict]) -> int:
    """Hand in the verdicts, all of them or none. Returns the index at which the message goes on.

    What is called, and with which arguments, is what the run has recorded: nothing of it is taken from the request.
    Where `RequestInput` asks, all that was asked for is answered at once. Of two that contradict each other, at the same
    moment, one counts. While others are waited for, a verdict that was given before may come again: a client sends all
    that its message has.

    Raises `RequestError` with 409 if one of them is not waited for: it was made up, given before, or comes too late; also
    if it was decided otherwise meanwhile.
    """
    asked = await _asked(standing)
    if not all(one.id in asked.calls for one in verdicts):
        raise _not_asked()
    fresh = await _fresh(app, standing, asked, verdicts)
    hooks = await _hooks(app, standing, asked, {one.id for one in fresh})
    since = (await standing.run.info()).events
    for one in fresh:
        found = hooks[one.id]
        if found.metadata["kind"] == "input":
            results, key = _results(asked, verdicts), f"approvals:{asked.end}"
            await _resume(app, found, results, key)
            if await handed_in(standing.run, since, key) != results:
                raise _decided_otherwise()
            return asked.end
        answer, key = Approval(approved=one.approved, reason=one.reason), _key(one)
        await _resume(app, found, answer, key)
        if (await handed_in(standing.run, since, key))["approved"] != one.approved:
            raise _decided_otherwise()
    # Where others are still to be answered the message does not go on: the client gets its last chunk again, the end.
    still = (await _open_hooks(app, standing, asked)).keys() - {one.id for one in verdicts}
    return asked.end - 1 if still else asked.end


async def _asked(standing: Standing) -> _Asked:
    """The approvals for which the message waits: those asked for last, if it has not gone on since."""
    forms: list[dict[str, Any]] = [
        one async for one in standing.run.stream(STREAMS + standing.reply, follow=False)
    ]
    calls: dict[str, str] = {}
    if not forms or forms[-1]["type"] != "finish" or not await standing.is_open():
        return _Asked(calls, len(forms))
    for one in reversed(forms[:-1]):
        if one["type"] not in ("tool-approval-request", "finish"):
            break
        if "approvalId" in one:
            calls[one["approvalId"]] = one["toolCallId"]
    return _Asked(calls, len(forms))


async def _fresh(
    app: App, standing: Standing, asked: _Asked, verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The verdicts that were not given before. Raises `RequestError` with 409 if there is none, or one was given otherwise."""
    waiting = await _open_hooks(app, standing, asked)
    if all(one.id in waiting for one in verdicts):
        return list(verdicts)
    keys = {_key(one) for one in verdicts}
    given = {
        event.data["key"]: event.data["payload"]["approved"]
        for event in await standing.run.events()
        if event.kind == "hook_received" and event.data.get("key") in keys
    }
    if any(given.get(_key(one), one.approved) != one.approved for one in verdicts):
        raise _decided_otherwise()
    fresh = [one for one in verdicts if _key(one) not in given]
    if not fresh:
        raise _not_asked()
    return fresh


def _key(verdict: Verdict) -> str:
    """Under which a verdict is handed in."""
    return f"approval:{verdict.id}"


async def _hooks(
    app: App, standing: Standing, asked: _Asked, wanted: set[str]
) -> dict[str, HookInfo]:
    """The run's own hooks for these approvals; waits a little for those that are just being opened."""
    try:
        async with asyncio.timeout(PATIENCE):
            begun = (await standing.run.info()).events
            found = await _open_hooks(app, standing, asked)
            if wanted <= found.keys():
                return found
            async for _ in standing.run.follow(begun):
                found = await _open_hooks(app, standing, asked)
                if wanted <= found.keys():
                    return found
    except TimeoutError:
        pass
    raise _not_asked()


async def _open_hooks(app: App, standing: Standing, asked: _Asked) -> dict[str, HookInfo]:
    """By the ids of approvals. Each has a hook of its own; or `RequestInput` has one for all of them."""
    page = await app.list_hooks(standing.run.id, limit=1_000)
    inputs = [one for one in page.hooks if one.metadata.get("kind") == "input"]
    if len(inputs) == 1:
        return dict.fromkeys(asked.calls, inputs[0])
    return {
        approval_id(standing.reply, str(one.metadata.get("call"))): one
        for one in page.hooks
        if one.metadata.get("kind") == "approval"
    }


def _results(asked: _Asked, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What `RequestInput` takes. Raises `RequestError` with 409 if it is not all that was asked for."""
    if {one.id for one in verdicts} != asked.calls.keys():
        raise RequestError(
            "this chat asks for several approvals, which are answered together", status=409
        )
    return {"approvals": {asked.calls[one.id]: _result(one) for one in verdicts}}


def _result(verdict: Verdict) -> Any:
    if verdict.approved or not verdict.reason:
        return verdict.approved
    return {"kind": "tool-denied", "message": verdict.reason}


async def _resume(app: App, found: HookInfo, answer: object, key: str) -> None:
    try:
        await app.resume(found.token, answer, key=key)
    except HookNotFoundError:
        raise _not_asked() from None


def _not_asked() -> RequestError:
    return RequestError(
        "no approval is waited for under this id: it was given before, or comes too late",
        status=409,
        hint="Load the chat again.",
    )


def _decided_otherwise() -> RequestError:
    return RequestError(
        "it was decided otherwise, perhaps at the same moment by somebody who was quicker",
        status=409,
        hint="Load the chat again.",
    )
