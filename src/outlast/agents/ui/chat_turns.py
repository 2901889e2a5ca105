"""Chats of which each turn is a run of its own."""

from collections.abc import Callable
from typing import Any, TypeAlias

from outlast import App, Call, Run
from outlast.agents.ui.replies import TURNS, Turn
from outlast.agents.ui.standing import (
    Listed,
    Standing,
    chat_gone_on,
    chat_run_id,
    check_owner,
    listed_turn,
    without_regenerated,
)
from outlast.records import RunInfo

TurnWorkflow: TypeAlias = Callable[[Turn], Call[Any]]
"""A workflow that takes a turn."""


class ChatTurns:
    """One run for each turn. Their attributes tell what they are."""

    def __init__(self, app: App, workflow: TurnWorkflow) -> None:
        self._app, self._workflow = app, workflow

    async def latest(self, chat: str, user: str) -> Standing | None:
        """See `Chats`."""
        return await self._first({"chat": chat}, user)

    async def find(
        self, chat: str, user: str, *, reply: str = "", message: str = ""
    ) -> Standing | None:
        """See `Chats`."""
        wanted = {"reply": reply} if reply else {"message": message}
        return await self._first({"chat": chat, **wanted}, user)

    async def submit(self, turn: Turn, user: str) -> Run[Any]:
        """See `Chats`."""
        run = await self._app.start(
            self._workflow(turn),
            run_id=chat_run_id(turn.chat, turn.number),
            attributes={
                "chat": turn.chat,
                "user": user,
                "turn": turn.number,
                "message": turn.message,
                "reply": turn.reply,
                "previous": turn.previous,
            },
        )
        attributes = (await run.info()).attributes
        check_owner(attributes, user)
        if attributes.get("reply") != turn.reply:
            raise chat_gone_on()
        return run

    async def stop(self, standing: Standing) -> None:
        """See `Chats`."""
        await standing.run.cancel("stopped by the user")

    async def turns(self, chat: str, user: str, limit: int) -> list[Listed]:
        """See `Chats`."""
        infos = await self._newest({"chat": chat}, limit)
        for info in infos:
            check_owner(info.attributes, user)
        runs = [self._app.get_run(info.id) for info in reversed(infos)]
        return without_regenerated([await _turn_of(run) for run in runs])

    async def _first(self, attributes: dict[str, str], user: str) -> Standing | None:
        infos = await self._newest(attributes, 1)
        if not infos:
            return None
        info = infos[0]
        check_owner(info.attributes, user)
        found = info.attributes
        previous = found.get("previous")
        return Standing(
            run=self._app.get_run(info.id),
            number=int(found["turn"] or 0),
            message=str(found["message"]),
            reply=str(found["reply"]),
            previous=None if previous is None else str(previous),
        )

    async def _newest(self, attributes: dict[str, str], limit: int) -> list[RunInfo]:
        """So many runs with these attributes. A page may be short, or empty, and not the last."""
        found: list[RunInfo] = []
        cursor: str | None = None
        while True:
            page = await self._app.list_runs(
                attributes={**attributes}, limit=limit - len(found), cursor=cursor
            )
            # A session of the same app may have the same id.
            found += [one for one in page.runs if "turn" in one.attributes]
            cursor = page.cursor
            if cursor is None or len(found) >= limit:
                return found


async def _turn_of(run: Run[Any]) -> Listed:
    """The turn that a run answers. As long as the run has not listed it, it is what the run was started with: it may wait for a
    worker, or have ended before it began to answer."""
    async for turn in run.stream(TURNS, -1, follow=False):
        return listed_turn(run, turn)
    created = (await run.events())[0]
    return listed_turn(run, created.data["input"]["args"][0]["fields"])
