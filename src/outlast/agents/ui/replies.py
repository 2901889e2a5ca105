"""Answering, in workflows: a turn of a chat, and the message that answers it."""

import asyncio
from types import TracebackType
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict

from outlast import get_run, run_info, step, writable
from outlast.agents.ui.chunks import Abort, Chunk, Error, Finish, Start, ToolOutputDenied
from outlast.agents.ui.writing import STREAMS, message
from outlast.errors import RunCancelledError, RunFailedError

TURNS: Final = "turns"
"""The stream of a run in which its turns are listed."""
LISTED: Final = {"number", "message", "text", "reply", "regenerates"}
"""What is listed of a turn. Files are not: they may be large."""
END: Final = "outlast.chat.end"
"""The step with which an answer ends."""
FAILED: Final = "Something went wrong. The answer could not be finished."


class Turn(BaseModel):
    """What the user has said, and which message is to answer it. Made by the server, from the request and what it knows."""

    model_config = ConfigDict(frozen=True)

    chat: str
    """The id of the chat, as the client has chosen it."""
    number: int
    """From 1."""
    message: str
    """The id of the user's message."""
    text: str
    """Its text."""
    files: tuple[dict[str, Any], ...] = ()
    """Its parts of the type `file`: `url`, `mediaType`, perhaps `filename`."""
    reply: str
    """The id of the message that answers."""
    regenerates: bool = False
    """Whether it is the turn before once more: its answer is to be forgotten."""
    previous: str | None = None
    """With one run for each turn: the run of the turn that this one goes on from."""


class Answering:
    """The answer to a turn: `async with`. See `answering`."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False

    async def __aenter__(self) -> Self:
        run_id = run_info().id
        _REPLIES[run_id] = self.turn.reply
        await _begin(self.turn.model_dump(mode="json", include=LISTED))
        self._task = asyncio.current_task()
        if self._stopped and self._task is not None:
            self._task.cancel()
        return self

    def stop(self) -> None:
        """Cancel the code inside; at once when it begins, if it has not. The message ends as stopped, and the workflow goes on
        behind the block."""
        if self._stopped:
            return
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        task, self._task = self._task, None
        how = _ending(error)
        if how is None:
            return None
        _REPLIES.pop(run_info().id, None)
        await _end(self.turn.reply, how)
        if self._stopped and task is not None and how == "stopped":
            return task.uncancel() == 0
        return None


def answering(turn: Turn) -> Answering:
    """Answer a turn, in a workflow: what agents with `ChatDurable` and steps with `ui.message(turn.reply)` write in the block
    makes up one message, which ends with the block: stopped if it is cancelled, failed if it raises.

    For workflows with one run for each turn; `Session.answering` does it in a session.
    """
    return Answering(turn)


def current_reply() -> str | None:
    """The message that is being written in the current run. In steps too: they run beside their workflow."""
    return _REPLIES.get(run_info().id)


_REPLIES: Final[dict[str, str]] = {}
"""By the run: in a step nothing else tells where in the workflow it was called."""


async def history(turn: Turn) -> Any:
    """With one run for each turn: what the run of the turn before has returned; `None` if there is none. Turns that were stopped
    or have failed have returned nothing: then the one before."""
    return None if turn.previous is None else await _result(turn.previous)


def _ending(error: BaseException | None) -> str | None:
    match error:
        case None:
            return "finished"
        case asyncio.CancelledError():
            return "stopped"
        case Exception():
            return "failed"
        case _:
            return None  # the run is suspended, or its process ends: nothing has ended


@step(name="outlast.chat.begin")
async def _begin(listed: dict[str, Any]) -> None:
    """List the turn, and begin the message."""
    await writable(TURNS).write(listed)
    async with message(listed["reply"]) as out:
        await out.write(Start(message_id=listed["reply"]))


@step(name=END)
async def _end(reply: str, how: str) -> None:
    denied = [] if how == "finished" else await _unanswered(reply)
    async with message(reply) as out:
        await out.close(*denied, *_LAST[how])


async def _unanswered(reply: str) -> list[Chunk]:
    """What ends the calls for which approval was asked last, and not given: otherwise pages would go on to ask for it."""
    calls: dict[str, str] = {}
    async for form in get_run(run_info().id).stream(STREAMS + reply, follow=False):
        match form:
            case {"type": "start-step" | "reset-step"}:
                calls.clear()
            case {"type": "tool-approval-request", "approvalId": approval, "toolCallId": call}:
                calls[approval] = call
            case {"type": "tool-approval-response", "approvalId": approval}:
                calls.pop(approval, None)
            case _:
                pass
    return [ToolOutputDenied(tool_call_id=call) for call in calls.values()]


@step(name="outlast.chat.history")
async def _result(previous: str) -> Any:
    run_id: str | None = previous
    while run_id is not None:
        run = get_run(run_id)
        try:
            return await run.result()
        except (RunCancelledError, RunFailedError):
            before = (await run.info()).attributes.get("previous")
            run_id = before if isinstance(before, str) else None
    return None


_LAST: Final[dict[str, tuple[Chunk, ...]]] = {
    "finished": (Finish(finish_reason="stop"),),
    "stopped": (Abort(reason="stopped"), Finish(finish_reason="other")),
    "failed": (Error(error_text=FAILED), Finish(finish_reason="error")),
}
