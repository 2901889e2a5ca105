"""Where chats stand, and how their runs are told of what comes: one run for each session, or one for each turn."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from outlast import App, Call, Run, RunStatus
from outlast.agents.ui.incoming import UserMessage
from outlast.agents.ui.replies import END, TURNS, Turn
from outlast.agents.ui.session import Incoming, session_token
from outlast.agents.ui.writing import STREAMS
from outlast.errors import AccessDeniedError, HookNotFoundError, RequestError, RunNotFoundError
from outlast.records import EventRecord, RunInfo

SessionWorkflow: TypeAlias = Callable[[str], Call[Any]]
"""A workflow that takes the id of a chat."""
TurnWorkflow: TypeAlias = Callable[[Turn], Call[Any]]
"""A workflow that takes a turn."""
_OVER: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})
_LAST_EVENTS: Final = 50
_PATIENCE: Final = 5.0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of a chat that was begun."""

    run: Run[Any]
    number: int
    message: str
    """The id of the user's message."""
    reply: str
    """The id of the message that answers it."""
    previous: str | None = None

    async def is_open(self) -> bool:
        """Whether the answer is not finished."""
        return not (await self.run.stream_info(STREAMS + self.reply)).closed

    async def wait_for_end(self) -> None:
        """Wait until the answer is finished, for some seconds at most: a worker that is gone does not finish it."""
        name = STREAMS + self.reply
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                tail = (await self.run.stream_info(name)).tail
                async for _ in self.run.stream(name, tail + 1):
                    pass

    async def finished_at(self) -> datetime | None:
        """When the answer was finished; `None` if that is not recorded yet, or so much was recorded since that it is not
        looked for."""
        info = await self.run.info()
        for event in reversed(await self.run.events(max(0, info.events - _LAST_EVENTS))):
            ends = event.kind == "step_completed" and event.data["name"] == END
            if ends and self.reply in event.data["input"]["args"]:
                return event.at
        return info.ended_at


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A turn, as a page shows it that is loaded."""

    run: Run[Any]
    message: str
    text: str
    reply: str
    regenerates: bool


class Chats(Protocol):
    """The chats of an app. All methods raise `AccessDeniedError` if the chat is another user's."""

    async def latest(self, chat: str, user: str) -> Standing | None:
        """The last turn that was begun."""
        ...

    async def find(
        self, chat: str, user: str, *, reply: str = "", message: str = ""
    ) -> Standing | None:
        """The turn of a message."""
        ...

    async def submit(self, turn: Turn, user: str) -> Run[Any]:
        """Begin the turn. Raises `RequestError` with 409 if another one has its number by now."""
        ...

    async def stop(self, standing: Standing) -> None:
        """Stop the answer, if it is not finished."""
        ...

    async def turns(self, chat: str, user: str, limit: int) -> list[Listed]:
        """The last turns that count, the oldest first: without those that were regenerated."""
        ...


def new_turn(said: UserMessage, latest: Standing | None) -> Turn:
    """The turn that a message of the user begins."""
    again = latest if said.regenerates else None
    number = 1 if latest is None else latest.number + 1
    if latest is None or again is not None:
        previous = None if again is None else again.previous
    else:
        previous = latest.run.id
    return Turn(
        chat=said.chat,
        number=number,
        message=said.id,
        text=said.text,
        files=said.files,
        reply=reply_to(said, number),
        regenerates=again is not None,
        previous=previous,
    )


def reply_to(said: UserMessage, number: int) -> str:
    """The id of the message that answers: the same if the same was said in that place, and another one if not."""
    words = msgspec.json.encode((said.chat, number, said.id, said.text, said.files))
    return f"msg_{hashlib.blake2b(words, digest_size=12).hexdigest()}"


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
        run_id = _run_id(turn.chat)
        attributes = {"chat": turn.chat, "user": user}
        run = await self._app.start(self._workflow(turn.chat), run_id=run_id, attributes=attributes)
        info = await run.info()
        _check_owner(info.attributes, user)
        if info.status in _OVER:
            raise RequestError("this chat has ended", status=409, hint="Begin another one.")
        key = f"turn:{turn.number}"
        await _resume(self._app, run, Incoming(turn=turn), key)
        if (await handed_in(run, info.events, key))["turn"]["reply"] != turn.reply:
            raise _busy()
        return run

    async def stop(self, standing: Standing) -> None:
        """See `Chats`."""
        key = f"stop:{standing.reply}"
        await _resume(self._app, standing.run, Incoming(stop=standing.reply), key)

    async def turns(self, chat: str, user: str, limit: int) -> list[Listed]:
        """See `Chats`."""
        run, turns = await self._listed(chat, user, -limit)
        return _counting([_shown(run, one) for one in turns])

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
        run = self._app.get_run(_run_id(chat))
        try:
            info = await run.info()
        except RunNotFoundError:
            return run, []
        _check_owner(info.attributes, user)
        turns: list[dict[str, Any]] = [one async for one in run.stream(TURNS, start, follow=False)]
        if info.status not in _OVER:
            last = turns[-1]["number"] if turns else 0
            for event in await run.events(max(0, info.events - _LAST_EVENTS)):
                turn = _handed_in_turn(event)
                if turn is not None and turn["number"] > last:
                    turns.append(turn)
        return run, turns


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
            run_id=_run_id(turn.chat, turn.number),
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
        _check_owner(attributes, user)
        if attributes.get("reply") != turn.reply:
            raise _busy()
        return run

    async def stop(self, standing: Standing) -> None:
        """See `Chats`."""
        await standing.run.cancel("stopped by the user")

    async def turns(self, chat: str, user: str, limit: int) -> list[Listed]:
        """See `Chats`."""
        infos = await self._newest({"chat": chat}, limit)
        for info in infos:
            _check_owner(info.attributes, user)
        runs = [self._app.get_run(info.id) for info in reversed(infos)]
        return _counting([await _turn_of(run) for run in runs])

    async def _first(self, attributes: dict[str, str], user: str) -> Standing | None:
        infos = await self._newest(attributes, 1)
        if not infos:
            return None
        info = infos[0]
        _check_owner(info.attributes, user)
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
        return _shown(run, turn)
    created = (await run.events())[0]
    return _shown(run, created.data["input"]["args"][0]["fields"])


def _shown(run: Run[Any], turn: dict[str, Any]) -> Listed:
    return Listed(
        run=run,
        message=turn["message"],
        text=turn["text"],
        reply=turn["reply"],
        regenerates=turn["regenerates"],
    )


def _handed_in_turn(event: EventRecord) -> dict[str, Any] | None:
    """The turn, if that is what was handed in to a session."""
    if event.kind != "hook_received" or not str(event.data.get("key")).startswith("turn:"):
        return None
    turn: dict[str, Any] = event.data["payload"]["turn"]
    return turn


def _counting(listed: list[Listed]) -> list[Listed]:
    kept: list[Listed] = []
    for one in listed:
        if one.regenerates and kept:
            kept.pop()
        kept.append(one)
    return kept


def _run_id(chat: str, number: int | None = None) -> str:
    """Of the run of a chat, or of one of its turns: the same for whoever asks, so that two at once start one."""
    return f"chat_{chat}" if number is None else f"chat_{chat}_{number}"


def _check_owner(attributes: dict[str, Any], user: str) -> None:
    if attributes.get("user") != user:
        raise AccessDeniedError("this chat is somebody else's")


def _busy() -> RequestError:
    return RequestError(
        "this chat has gone on meanwhile: another message was sent in it",
        status=409,
        hint="Load the chat again, and send the message then.",
    )


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


async def handed_in(run: Run[Any], since: int, key: str) -> Any:
    """What was handed in under a key, when it was: mostly at the end of the log, and before that if another client was
    quicker by more than the blink of an eye. Raises `RequestError` with 409 if there is nothing."""
    for start in (since, 0):
        for event in await run.events(start):
            if event.kind == "hook_received" and event.data.get("key") == key:
                return event.data["payload"]
    raise _busy()
