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
    """Approvals that a message has asked for together: the ids of the calls by the ids of the approvals."""

    calls: dict[str, str]
    end: int
    """The index at which the message goes on, or has gone on."""
    is_last: bool
    """Whether it has not gone on."""


async def approve(app: App, standing: Standing, verdicts: Sequence[Verdict]) -> int:
    """Hand in the verdicts, all of them or none. Returns the index at which the message goes on.

    What is called, and with which arguments, is what the run has recorded: nothing of it is taken from the request.
    Where `RequestInput` asks, all that was asked for is answered at once. Of two that contradict each other, at the same
    moment, one counts. While the answer is open, a verdict that was given before may come again, and is not handed in
    again: a client sends all that its message has, and sends it again if it got no response.

    Raises `RequestError` with 409 if one of them was never asked for, or the answer is finished; also if it was decided
    otherwise.
    """
    asked = await _asked(standing, {one.id for one in verdicts})
    fresh = await _fresh(app, standing, asked, verdicts)
    hooks = await _hooks(app, standing, asked, {one.id for one in fresh})
    since = (await standing.run.info()).events
    for one in fresh:
        found = hooks[one.id]
        if found.metadata["kind"] == "input":
            results, key = _results(asked, verdicts), _input_key(asked)
            await _resume(app, found, results, key)
            if await handed_in(standing.run, since, key) != results:
                raise _decided_otherwise()
            return asked.end
        answer, key = Approval(approved=one.approved, reason=one.reason), _key(one.id)
        await _resume(app, found, answer, key)
        if (await handed_in(standing.run, since, key))["approved"] != one.approved:
            raise _decided_otherwise()
    if not asked.is_last:
        return asked.end
    # Where others are still to be answered the message does not go on: the client gets its last chunk again, the end.
    still = (await _open_hooks(app, standing, asked)).keys() - {one.id for one in verdicts}
    return asked.end - 1 if still else asked.end


async def _asked(standing: Standing, wanted: set[str]) -> _Asked:
    """What was asked for together with these, lately. Raises `RequestError` with 409 if the answer is finished, or has not
    asked for them."""
    forms: list[dict[str, Any]] = [
        one async for one in standing.run.stream(STREAMS + standing.reply, follow=False)
    ]
    end, calls = len(forms), dict[str, str]()
    if not await standing.is_open():
        raise _not_asked()
    for index in reversed(range(len(forms))):
        if forms[index]["type"] not in ("tool-approval-request", "finish"):
            if wanted <= calls.keys():
                break
            end, calls = index, {}
        elif "approvalId" in forms[index]:
            calls[forms[index]["approvalId"]] = forms[index]["toolCallId"]
    # Without an end behind it the message does not wait yet.
    if not wanted <= calls.keys() or forms[end - 1]["type"] != "finish":
        raise _not_asked()
    return _Asked(calls, end, end == len(forms))


async def _fresh(
    app: App, standing: Standing, asked: _Asked, verdicts: Sequence[Verdict]
) -> list[Verdict]:
    """The verdicts that were not given before. Raises `RequestError` with 409 if one was given otherwise, or can no longer
    be given."""
    if asked.is_last:
        waiting = await _open_hooks(app, standing, asked)
        if all(one.id in waiting for one in verdicts):
            return list(verdicts)
    given = await _given(standing, asked)
    if any(given.get(one.id, one.approved) != one.approved for one in verdicts):
        raise _decided_otherwise()
    fresh = [one for one in verdicts if one.id not in given]
    if fresh and not asked.is_last:
        raise _not_asked()
    return fresh


async def _given(standing: Standing, asked: _Asked) -> dict[str, bool]:
    """What was decided, by the ids of approvals."""
    given: dict[str, bool] = {}
    for event in await standing.run.events():
        if event.kind != "hook_received":
            continue
        key, payload = event.data.get("key"), event.data["payload"]
        if key == _input_key(asked):
            approvals = payload["approvals"]
            given |= {one: approvals[call] is True for one, call in asked.calls.items()}
        given |= {one: payload["approved"] for one in asked.calls if key == _key(one)}
    return given


def _key(approval: str) -> str:
    """Under which a verdict is handed in."""
    return f"approval:{approval}"


def _input_key(asked: _Asked) -> str:
    """Under which the verdicts are handed in that `RequestInput` takes together."""
    return f"approvals:{asked.end}"


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
