"""What clients send: checked, and no more of it taken than is needed. What the user says counts, and which approvals are
answered; the history and the arguments of tools do not, for the server has its own."""

import re
from typing import Any, Final, Literal, TypeAlias

import msgspec
from starlette.requests import Request

from outlast.errors import RequestError
from outlast.http.reading import decoded, read_body, too_long

MAX_BODY: Final = 16 * 2**20
_ID: Final = re.compile(r"[^\x00-\x1f\x7f/]{1,150}")
_CHAT: Final = re.compile(r"(?! |\.{1,2}$)[ -.0-~]{1,150}(?<! )")
"""A chat's id stands in paths and in a header: the latter has no other characters, and the former no dots alone."""


class UserMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The user says something; or wants another answer to what was said."""

    chat: str
    id: str
    text: str
    files: tuple[dict[str, Any], ...]
    regenerates: bool
    guessed: bool
    """Whether the request did not say what it is."""


class Verdict(msgspec.Struct, frozen=True):
    """The answer to a request for approval."""

    id: str
    approved: bool
    reason: str | None = None


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """The user answers requests for approval."""

    chat: str
    message: str
    """The message that they are in."""
    verdicts: tuple[Verdict, ...]


Incoming: TypeAlias = UserMessage | Verdicts


class _Message(msgspec.Struct):
    id: str
    role: Literal["user", "assistant", "system"]
    parts: list[dict[str, Any]] = []


class _Body(msgspec.Struct, rename="camel"):
    messages: list[_Message]
    id: str | None = None
    trigger: Literal["submit-message", "regenerate-message"] | None = None
    message_id: str | None = None


async def read_incoming(request: Request) -> Incoming:
    """What a client has sent. Raises `RequestError`."""
    data = await read_body(request, MAX_BODY)
    if data is None:
        raise too_long(MAX_BODY)
    body = decoded(data, _Body)
    if not body.messages:
        raise RequestError("the body has no messages: send at least the last one", status=422)
    last = body.messages[-1]
    chat = body.id or request.path_params.get("chat") or body.messages[0].id
    check_id(chat)
    if not _ID.fullmatch(last.id):
        raise RequestError(
            "the id of a message has 1 to 150 characters, without slashes and control characters",
            status=422,
        )
    match last.role:
        case "user":
            return _user_message(chat, last, body)
        case "assistant":
            return _verdicts(chat, last, body)
        case _:
            raise RequestError("the last message is neither the user's nor an answer", status=422)


def check_id(text: str) -> None:
    """Raise `RequestError` for what can be the id of no chat."""
    if not _CHAT.fullmatch(text):
        raise RequestError(
            "the id of a chat has 1 to 150 visible ASCII characters, without slashes; "
            "spaces within it only",
            status=422,
        )


def _user_message(chat: str, last: _Message, body: _Body) -> UserMessage:
    texts: list[Any] = [part.get("text") for part in last.parts if part.get("type") == "text"]
    if not all(isinstance(text, str) for text in texts):
        raise RequestError("the text of a part of the user's message is no text", status=422)
    files = tuple(part for part in last.parts if part.get("type") == "file")
    if not files and not any(texts):
        raise RequestError("the user's message is empty", status=422)
    return UserMessage(
        chat=chat,
        id=last.id,
        text="\n".join(texts),
        files=files,
        regenerates=body.trigger == "regenerate-message",
        guessed=body.trigger is None,
    )


def _verdicts(chat: str, last: _Message, body: _Body) -> Verdicts:
    if body.trigger == "regenerate-message":
        raise RequestError("an answer is regenerated without itself among the messages", status=422)
    answered = [
        part["approval"]
        for part in last.parts
        if part.get("state") == "approval-responded" and "approval" in part
    ]
    if not answered:
        raise RequestError(
            "the last message is an answer without a response to a request for approval",
            status=422,
            hint="Send a message of the user, or an answer in which an approval was responded to.",
        )
    try:
        verdicts = msgspec.convert(answered, tuple[Verdict, ...])
    except msgspec.ValidationError as error:
        raise RequestError(f"a response to an approval: {error}", status=422) from error
    if len({one.id for one in verdicts}) < len(verdicts):
        raise RequestError("an approval is answered twice", status=422)
    return Verdicts(chat=chat, message=last.id, verdicts=verdicts)
