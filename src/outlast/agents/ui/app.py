"""`chat_app`: the routes that clients of chats use."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from outlast import App, Run
from outlast.agents.ui.approving import approve
from outlast.agents.ui.chat_sessions import ChatSessions, SessionWorkflow
from outlast.agents.ui.chat_turns import ChatTurns, TurnWorkflow
from outlast.agents.ui.incoming import UserMessage, check_id, read_incoming
from outlast.agents.ui.outgoing import (
    NOTHING,
    Form,
    frames,
    only,
    read_message,
    to_json,
    whole_message,
)
from outlast.agents.ui.standing import Chats, Standing, new_turn, reply_to
from outlast.agents.ui.writing import STREAMS
from outlast.errors import AccessDeniedError, OutlastError, RequestError
from outlast.http.access import Loopback, refuse_other_sites
from outlast.http.draining import PING_EVERY, Readers
from outlast.http.feeds import Feed
from outlast.http.problems import tell_error, tell_fault, tell_refusal

logger: Final = logging.getLogger("outlast")

User: TypeAlias = Callable[[Request], str | Awaitable[str | None] | None]
"""Gives the user who sends a request; `None` if nobody is signed in, as what is no text or empty. May raise
`AccessDeniedError`."""
BASE: Final = "/api/chat"
LINGER: Final = 60.0
LAST_TURNS: Final = 100
_PLACE: Final = re.compile(r"(?P<chat>.+)~(?P<reply>msg_[0-9a-f]{24})~(?P<base>\d{1,9})")


class ChatApp(Starlette):
    """The routes of chats: an ASGI application. Made by `chat_app`."""

    def __init__(
        self, app: App, chats: Chats, *, user: User, base: str, linger: float, ping_every: float
    ) -> None:
        self._outlast, self._chats, self._user, self._linger = app, chats, user, linger
        self.base = base
        """The path of the routes, below where this is mounted."""
        self.readers = Readers(ping_every)
        """Who reads a message now."""
        super().__init__(
            routes=[
                Route(base or "/", self._post, methods=["POST"]),
                Route(base + "/{chat}", self._post, methods=["POST"]),
                Route(base + "/{chat}", self._messages, methods=["GET"]),
                Route(base + "/{chat}/stream", self._get, methods=["GET"]),
                Route(base + "/{chat}/stop", self._stop, methods=["POST"]),
            ],
            exception_handlers={
                OutlastError: tell_error,
                HTTPException: tell_refusal,
                Exception: tell_fault,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. A slash at the end of a path does not count."""
        if scope["type"] == "http":
            path = scope["path"].rstrip("/")
            mounted_here = path == scope.get("root_path", "")
            scope = {**scope, "path": path + "/" if mounted_here else path}
        await super().__call__(scope, receive, send)

    def drain(self) -> None:
        """The server is about to stop: end all responses, so that their readers come back. Idempotent."""
        self.readers.drain()

    async def _post(self, request: Request) -> Response:
        refuse_other_sites(request)
        user = await self._user_of(request)
        incoming = await read_incoming(request)
        if isinstance(incoming, UserMessage):
            return await self._said(incoming, user)
        standing = await self._chats.find(incoming.chat, user, reply=incoming.message)
        if standing is None:
            raise RequestError("there is no such message in this chat", status=404)
        base = await approve(self._outlast, standing, incoming.verdicts)
        return self._feed(incoming.chat, standing.run, standing.reply, base)

    async def _said(self, said: UserMessage, user: str) -> Response:
        latest = await self._chats.latest(said.chat, user)
        is_open = latest is not None and await latest.is_open()
        if latest is not None and latest.message == said.id and not said.regenerates:
            is_same = reply_to(said, latest.number) == latest.reply
            if is_same and (is_open or not said.guessed):  # the answer is there, or on its way
                return self._feed(said.chat, latest.run, latest.reply, 0)
            said = _again(said)
        if is_open:
            raise RequestError(
                "an answer is under way in this chat, or waits for an approval",
                status=409,
                hint="Wait for its end, or stop it.",
            )
        await self._check_history(said, latest, user)
        turn = new_turn(said, latest)
        run = await self._chats.submit(turn, user)
        return self._feed(said.chat, run, turn.reply, 0)

    async def _check_history(self, said: UserMessage, latest: Standing | None, user: str) -> None:
        """What was said before cannot be changed: the run has gone on from it. Raises `RequestError` with 409."""
        if said.regenerates:
            if latest is None or latest.message != said.id:
                raise _edited("only the last answer can be regenerated")
        elif latest is not None and await self._chats.find(said.chat, user, message=said.id):
            raise _edited("an earlier message cannot be changed")

    async def _get(self, request: Request) -> Response:
        user = await self._user_of(request)
        start = _number(request, "startIndex", 0)
        path: str = request.path_params["chat"]
        if place := _PLACE.fullmatch(path):
            chat, reply, base = place["chat"], place["reply"], int(place["base"])
            check_id(chat)
            found = await self._chats.find(chat, user, reply=reply)
            if found is None:
                raise RequestError("there is no such message in this chat", status=404)
            return await self._resumed(chat, found, base, start)
        check_id(path)
        latest = await self._chats.latest(path, user)
        if latest is not None and (await latest.is_open() or await self._is_fresh(latest, start)):
            return await self._resumed(path, latest, 0, start)
        if "startIndex" not in request.query_params:
            return Response(status_code=204)
        return self._response(only(NOTHING))  # this client knows no 204

    async def _is_fresh(self, latest: Standing, start: int) -> bool:
        """Whether an answer was finished so lately that who comes back may have been cut off before its end. The end alone
        would be of no use to anybody."""
        if start < 0 or not self._linger:
            return False
        finished = await latest.finished_at()
        now = self._outlast.runtime.clock.now() / 1e6
        return finished is None or now - finished.timestamp() < self._linger

    async def _resumed(self, chat: str, found: Standing, base: int, start: int) -> Response:
        """From an index on, which counts from where the client began to read this message."""
        tail = (await found.run.stream_info(STREAMS + found.reply)).tail - base
        first = max(0, tail + 1 + start) if start < 0 else start
        response = self._feed(chat, found.run, found.reply, base, first)
        response.headers["x-workflow-stream-tail-index"] = str(tail)
        return response

    async def _messages(self, request: Request) -> Response:
        user = await self._user_of(request)
        chat: str = request.path_params["chat"]
        check_id(chat)
        limit = _number(request, "limit", LAST_TURNS)
        if not 1 <= limit <= 1_000:
            raise RequestError("limit: it is 1 to 1,000", status=422)
        messages: list[Form] = []
        for one in await self._chats.turns(chat, user, limit):
            said = {"type": "text", "text": one.text}
            messages.append({"id": one.message, "role": "user", "parts": [said]})
            messages.append(await whole_message(one.run, one.reply))
        return Response(
            to_json({"messages": messages}),
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    async def _stop(self, request: Request) -> Response:
        refuse_other_sites(request)
        user = await self._user_of(request)
        chat: str = request.path_params["chat"]
        check_id(chat)
        latest = await self._chats.latest(chat, user)
        if latest is not None and await latest.is_open():
            await self._chats.stop(latest)
            await latest.wait_for_end()  # for the next message may be on its way
        return Response(status_code=204)

    def _feed(self, chat: str, run: Run[Any], reply: str, base: int, start: int = 0) -> Feed:
        response = self._response(read_message(run, reply, base + start))
        response.headers["x-workflow-run-id"] = f"{chat}~{reply}~{base}"
        return response

    def _response(self, forms: Any) -> Feed:
        response = Feed(frames(forms), self.readers)
        response.headers["x-vercel-ai-ui-message-stream"] = "v1"
        return response

    async def _user_of(self, request: Request) -> str:
        _ = self._outlast.url  # raises `NoAppError` while the app is not open
        answer = self._user(request)
        user: object = await answer if inspect.isawaitable(answer) else answer
        if isinstance(user, str) and user:
            return user
        if user is not None:  # strangers that share it would share their chats
            logger.error("a request is refused: user must return a text that is not empty, or None")
        raise AccessDeniedError("nobody is signed in", status=401)


def chat_app(
    app: App,
    *,
    session: SessionWorkflow | None = None,
    turn: TurnWorkflow | None = None,
    user: User | None = None,
    base: str = BASE,
    linger: float = LINGER,
    ping_every: float = PING_EVERY,
) -> ChatApp:
    """The routes of chats: an ASGI application, to serve or to mount into another one.

    Args:
        app: The app in which the runs are. Whoever serves opens it.
        session: The workflow that is a whole chat: one run for each, which takes the turns from `ui.session()`.
        turn: The workflow that answers one turn: one run for each. Exactly one of the two is given.
        user: Tells who sends a request; a chat belongs to who has begun it. By default only this machine is answered, as
            one user.
        base: The path of the routes below where this is mounted. The default is where clients look by default.
        linger: Seconds in which a finished answer is still given to who comes back without saying how far they have got:
            a client that was cut off shortly before the end needs it. After that they get 204.
        ping_every: Seconds of silence after which a reader gets a comment.

    Raises:
        TypeError: Neither `session` nor `turn` is given, or both are.
    """
    chats: Chats
    if session is not None and turn is None:
        chats = ChatSessions(app, session)
    elif turn is not None and session is None:
        chats = ChatTurns(app, turn)
    else:
        raise TypeError("give chat_app() either session=... or turn=...")
    return ChatApp(
        app, chats, user=user or _this_machine, base=base, linger=linger, ping_every=ping_every
    )


def _this_machine(request: Request) -> str:
    Loopback()(request)
    return "local"


def _again(said: UserMessage) -> UserMessage:
    """The last message, sent again with other words, or by a client that does not say why: it wants another answer."""
    return UserMessage(
        chat=said.chat,
        id=said.id,
        text=said.text,
        files=said.files,
        regenerates=True,
        guessed=True,
    )


def _edited(problem: str) -> RequestError:
    return RequestError(problem, status=409, hint="Load the chat again, and go on at its end.")


def _number(request: Request, name: str, default: int) -> int:
    """A number in the query. Raises `RequestError`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?\d{1,9}", text):
        raise RequestError(f"{name}={text[:20]!r}: it is a number", status=422)
    return int(text)
