"""Chats of which each is one run, that goes on with the next turn."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outlast import App, Call, Run, RunStatus
from outlast.agents.ui.replies import TURNS, Turn
from outlast.agents.ui.session import Incoming, session_token
from outlast.agents.ui.standing import (
    LAST_EVENTS,
    Listed,
    Standing,
    chat_gone_on,
    chat_run_id,
    check_owner,
    handed_in,
    listed_turn,
    without_regenerated,
)
from outlast.errors import HookNotFoundError, RequestError, RunNotFoundError
from outlast.records import EventRecord

SessionWorkflow: TypeAlias = Callable[[str], Call[Any]]
"""A workflow that takes the id of a chat."""
_OVER: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


class ChatSessions:
    """One run for each chat. Its stream of turns tells which there are."""

    def __init__(self, app: App, workflow: SessionWorkflow) -> None:
        self._app, self._workflow = app, workflow

    async def latest(self, chat: str, user: str) -> Standing | None:
        """See `Chats`."""
        turns = await self._turns(chat, user, -1)
        return turns[-1] if turns else None

    async def find(
        self, chat: str, user: str, *, reply: str = "", message: str = ""
    ) -> Standing | None:
        """See `Chats`."""
        for one in reversed(await self._turns(chat, user, 0)):
            if one.reply == reply or one.message == message:
                return one
        return None

    async def submit(self, turn: Turn, user: str) -> Run[Any]:
        """See `Chats`. Raises `RequestError` with 409 also if the session has ended."""
        run_id = chat_run_id(turn.chat)
        attributes = {"chat": turn.chat, "user": user}
        run = await self._app.start(self._workflow(turn.chat), run_id=run_id, attributes=attributes)
        info = await run.info()
        check_owner(info.attributes, user)
        if info.status in _OVER:
            raise RequestError("this chat has ended", status=409, hint="Begin another one.")
        key = f"turn:{turn.number}"
        await _resume(self._app, run, Incoming(turn=turn), key)
        if (await handed_in(run, info.events, key))["turn"]["reply"] != turn.reply:
            raise chat_gone_on()
        return run

    async def stop(self, standing: Standing) -> None:
        """See `Chats`."""
        key = f"stop:{standing.reply}"
        await _resume(self._app, standing.run, Incoming(stop=standing.reply), key)

    async def turns(self, chat: str, user: str, limit: int) -> list[Listed]:
        """See `Chats`."""
        run, turns = await self._listed(chat, user, -limit)
        return without_regenerated([listed_turn(run, one) for one in turns])

    async def _turns(self, chat: str, user: str, start: int) -> list[Standing]:
        run, turns = await self._listed(chat, user, start)
        return [
            Standing(run=run, number=one["number"], message=one["message"], reply=one["reply"])
            for one in turns
        ]

    async def _listed(
        self, chat: str, user: str, start: int
    ) -> tuple[Run[Any], list[dict[str, Any]]]:
        """What is listed of the turns. The last may not be in the run's own list: it was handed in, and its client has the
        place of the answer, but the run has not begun it, perhaps since its worker was killed just then."""
        run = self._app.get_run(chat_run_id(chat))
        try:
            info = await run.info()
        except RunNotFoundError:
            return run, []
        check_owner(info.attributes, user)
        turns: list[dict[str, Any]] = [one async for one in run.stream(TURNS, start, follow=False)]
        if info.status not in _OVER:
            last = turns[-1]["number"] if turns else 0
            for event in await run.events(max(0, info.events - LAST_EVENTS)):
                turn = _handed_in_turn(event)
                if turn is not None and turn["number"] > last:
                    turns.append(turn)
        return run, turns


def _handed_in_turn(event: EventRecord) -> dict[str, Any] | None:
    """The turn, if that is what was handed in to a session."""
    if event.kind != "hook_received" or not str(event.data.get("key")).startswith("turn:"):
        return None
    turn: dict[str, Any] = event.data["payload"]["turn"]
    return turn


async def _resume(app: App, run: Run[Any], payload: Incoming, key: str) -> None:
    """Hand it in. A run that was just started has no hook yet. Raises `RequestError` with 409 if it never gets one."""
    if await _delivered(app, run, payload, key):
        return
    async for event in run.follow():
        if event.kind == "hook_opened" and await _delivered(app, run, payload, key):
            return
    raise RequestError("this chat has ended", status=409, hint="Begin another one.")


async def _delivered(app: App, run: Run[Any], payload: Incoming, key: str) -> bool:
    try:
        await app.resume(session_token(run.id), payload, key=key)
    except HookNotFoundError:
        return False
    return True
