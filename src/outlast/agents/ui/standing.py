"""Where chats stand, however their runs are cut: see `chat_sessions` and `chat_turns`."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from outlast import Run
from outlast.agents.ui.incoming import UserMessage
from outlast.agents.ui.replies import END, Turn
from outlast.agents.ui.writing import STREAMS
from outlast.errors import AccessDeniedError, RequestError

LAST_EVENTS: Final = 50
"""So many events at the end of a log are looked through for what has come last."""
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
        for event in reversed(await self.run.events(max(0, info.events - LAST_EVENTS))):
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


def listed_turn(run: Run[Any], turn: dict[str, Any]) -> Listed:
    """The turn, as its run has listed it."""
    return Listed(
        run=run,
        message=turn["message"],
        text=turn["text"],
        reply=turn["reply"],
        regenerates=turn["regenerates"],
    )


def without_regenerated(listed: list[Listed]) -> list[Listed]:
    """Those that count: without the ones that were regenerated."""
    kept: list[Listed] = []
    for one in listed:
        if one.regenerates and kept:
            kept.pop()
        kept.append(one)
    return kept


def chat_run_id(chat: str, number: int | None = None) -> str:
    """Of the run of a chat, or of one of its turns: the same for whoever asks, so that two at once start one."""
    return f"chat_{chat}" if number is None else f"chat_{chat}_{number}"


def check_owner(attributes: dict[str, Any], user: str) -> None:
    """Raise `AccessDeniedError` if the chat is another user's."""
    if attributes.get("user") != user:
        raise AccessDeniedError("this chat is somebody else's")


def chat_gone_on() -> RequestError:
    """The refusal of a turn whose number is another one's by now."""
    return RequestError(
        "this chat has gone on meanwhile: another message was sent in it",
        status=409,
        hint="Load the chat again, and send the message then.",
    )


async def handed_in(run: Run[Any], since: int, key: str) -> Any:
    """What was handed in under a key, when it was: mostly at the end of the log, and before that if another client was
    quicker by more than the blink of an eye. Raises `RequestError` with 409 if there is nothing."""
    for start in (since, 0):
        for event in await run.events(start):
            if event.kind == "hook_received" and event.data.get("key") == key:
                return event.data["payload"]
    raise chat_gone_on()
