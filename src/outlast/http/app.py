"""`asgi`: the HTTP app, to serve as it is or to mount into another one."""

import hashlib
import math
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from outlast import App
from outlast._api.public_url import free_blocked, learn_public_url
from outlast._webhooks.receiving import respond_within
from outlast._webhooks.tokens import PATH
from outlast.errors import NoAppError, OutlastError, RequestError, WorldError
from outlast.http import again, hooks, looking, runs, serving_process, streams
from outlast.http.access import Access, Loopback, Role, check_access, find_access, is_local
from outlast.http.access_log import hide_tokens
from outlast.http.changes import RunWatcher
from outlast.http.draining import PING_EVERY, Readers
from outlast.http.openapi import document
from outlast.http.operations import ACT_WITHIN, Answer, Asked, Nothing, Operation, read_query
from outlast.http.problems import tell_error, tell_fault, tell_refusal
from outlast.http.reading import decoded, read_body, too_long
from outlast.http.webhooks import Webhooks

BASE: Final = "/api/v1"
MAX_BODY: Final = 5 * 2**20
"""Bytes of a request's body; payloads have a limit of their own below it."""

_PATH: Final = re.compile(r"(/[^/?#{}\s]+)*")
"""What the base may be: nothing, or a path that is taken as it is written."""

OPERATIONS: Final[tuple[Operation, ...]] = (
    *runs.OPERATIONS,
    *looking.OPERATIONS,
    *again.OPERATIONS,
    *streams.OPERATIONS,
    *hooks.OPERATIONS,
    *serving_process.OPERATIONS,
)


class HttpApp(Starlette):
    """The HTTP app of an `App`: an ASGI application. Made by `asgi`."""

    def __init__(
        self,
        app: App,
        *,
        base: str,
        access: Access,
        ping_every: float,
        respond_within: float,
        act_within: float = ACT_WITHIN,
    ) -> None:
        self.outlast = app
        """The app whose runs it serves."""
        self.base = base
        """The path of the API, below where this is mounted."""
        self.readers = Readers(ping_every)
        """Who reads a feed or a stream now."""
        self._watcher = RunWatcher(app)
        self._access, self._act_within = access, act_within
        self._webhooks = Webhooks(app, self.readers, respond_within=respond_within)
        self._learns = self.is_local
        """Whether the public address may still be learnt from a request: only where this is for one machine."""
        super().__init__(
            routes=self._routes(),
            lifespan=_opened,
            exception_handlers={
                OutlastError: tell_error,
                HTTPException: tell_refusal,
                Exception: tell_fault,
            },
        )

    @property
    def is_local(self) -> bool:
        """Whether only this machine is answered."""
        return isinstance(self._access, Loopback)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Some frameworks hand on paths with a slash at the end that nobody has sent; one that is escaped is
        of a name."""
        if scope["type"] == "http":
            if not (scope.get("raw_path") or b"").upper().endswith(b"%2F"):
                scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
            if self._learns:
                await self._learn(Request(scope))
            with self._in_trace(scope):
                if self._is_webhook(scope):
                    await self._webhooks(scope, receive, send)
                else:
                    await super().__call__(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def drain(self) -> None:
        """The server is about to stop: end all feeds and streams, so that their readers come back to another
        one. `outlast serve` calls it. Idempotent."""
        self.readers.drain()

    def _in_trace(self, scope: Scope) -> AbstractContextManager[None]:
        """What the request starts and resumes belongs to the trace of who sends it, if the app has a tracer."""
        try:
            tracer = self.outlast.runtime.observers.tracer
        except NoAppError:  # the endpoint says so
            return nullcontext()
        return nullcontext() if tracer is None else tracer.incoming(Headers(scope=scope))

    def _is_webhook(self, scope: Scope) -> bool:
        """Whether a webhook is asked for, and nothing stands before it: then it is served without the framework's
        layers, which take a fifth of the time of a request. They would do the same."""
        root, path = scope.get("root_path", ""), scope["path"]
        if path.startswith(f"{root}/"):
            path = path[len(root) :]
        token = path.removeprefix(PATH)
        if self.user_middleware or token == path or not token or "/" in token:
            return False
        scope.update(app=self, path_params={"token": token})
        return True

    def _routes(self) -> Sequence[BaseRoute]:
        own = Operation(
            id="describe", summary="This document", method="GET", path="/openapi.json",
            run=self._describe, result=dict[str, Any],
        )  # fmt: skip
        self._operations = (*OPERATIONS, own)
        by_path: dict[str, dict[str, Operation]] = {}
        for one in self._operations:
            by_path.setdefault(one.path, {})[one.method] = one
        operations = [
            Route(self.base + path, self._endpoint(by_method), methods=list(by_method))
            for path, by_method in by_path.items()
        ]
        # First, as they are asked for most. With all methods: which ones a webhook takes is told to those who have
        # its token.
        return [Route(PATH + "{token}", self._webhooks), *operations]

    async def _learn(self, request: Request) -> None:
        """What this machine calls the app is where it is, unless somebody has said it. Requests of others teach nothing:
        the name in them is whatever they like."""
        if not is_local(request):
            return
        root = request.scope.get("root_path", "")
        with suppress(NoAppError, WorldError):
            learn_public_url(self.outlast, f"{request.url.scheme}://{request.url.netloc}{root}")
            await free_blocked(self.outlast)  # runs that could not go on without it
            self._learns = False

    def _endpoint(self, by_method: dict[str, Operation]) -> Any:
        async def respond(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            operation = by_method[method]
            role = await check_access(self._access, request, operation.role)
            answer = await operation.run(await self._asked(operation, request, role))
            return _response(operation, answer, request)

        return respond

    async def _asked(self, operation: Operation, request: Request, role: Role) -> Asked:
        _ = self.outlast.url  # raises `NoAppError` while the app is not open
        return Asked(
            app=self.outlast,
            request=request,
            role=role,
            query=read_query(operation.query, request),
            body=await _body(operation, request),
            readers=self.readers,
            watcher=self._watcher,
            act_within=self._act_within,
        )

    async def _describe(self, asked: Asked) -> dict[str, Any]:
        root: str = asked.request.scope.get("root_path", "")
        return document(self._operations, root + self.base)


def asgi(
    app: App | None = None,
    *,
    base: str = BASE,
    access: Access | None = None,
    ping_every: float = PING_EVERY,
) -> HttpApp:
    """The HTTP app of an `App`: an ASGI application (Starlette's) to serve, or to mount into another.

    Served by itself it opens the app when it starts and closes it when it stops, unless the app is open
    already. Mounted into another application, whose own lifespan is the only one that servers know, that
    lifespan opens the app: `async with app: yield`. Until it is open, requests are answered with 503.

    Args:
        app: The app whose runs it serves; `App()` by default.
        base: The path of the API below where this is mounted.
        access: Gives the role of whoever sends a request. By default, the tokens in `OUTLAST_HTTP_TOKENS`
            (`operate:TOKEN,read:TOKEN`) decide; without any, only requests of this machine are answered.
        ping_every: Seconds of silence after which a reader of events gets a comment.

    Raises:
        SettingsError: The tokens or the base cannot be used.
        ValueError: The base is no path, or `ping_every` is no length of time.
        TypeError: `app` is no `App`, or `access` is no function.
    """
    hide_tokens()
    _check_kinds(app, access)
    _check_base(base)
    _check_ping(ping_every)
    return HttpApp(
        app or App(),
        base=base,
        access=find_access(access),
        ping_every=ping_every,
        respond_within=respond_within(),
    )


def _check_kinds(app: object, access: object) -> None:
    """For users without a type checker. A class is called like a function, but gives no role."""
    if app is not None and not isinstance(app, App):
        message = f"asgi() takes an App, not {app!r}"
        raise TypeError(message)
    if access is not None and (isinstance(access, type) or not callable(access)):
        message = f"asgi(access=...) takes a function that gives the role of a request, not an object of the type {type(access).__name__}"
        raise TypeError(message)


def _check_base(base: object) -> None:
    if not isinstance(base, str) or not _PATH.fullmatch(base):
        message = (
            f"{base!r} cannot be the base: it is empty, or a path such as '/api/v1', which begins with '/', does not "
            "end with it, and has no parameters"
        )
        raise ValueError(message)


def _check_ping(seconds: object) -> None:
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        message = f"ping_every = {seconds!r}: it is a number of seconds above 0"
        raise ValueError(message)


@asynccontextmanager
async def _opened(http: HttpApp) -> AsyncGenerator[None]:
    try:
        _ = http.outlast.url
    except NoAppError:
        async with http.outlast:
            yield
    else:
        yield


def _response(operation: Operation, answer: object, request: Request) -> Response:
    if isinstance(answer, Response):
        return answer
    headers = dict(answer.headers) if isinstance(answer, Answer) else {}
    body = msgspec.json.encode(answer.record if isinstance(answer, Answer) else answer)
    if operation.method == "GET":
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers |= {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in _tags(request):
            return Response(status_code=304, headers=headers)
    return Response(body, operation.status, headers=headers, media_type="application/json")


def _tags(request: Request) -> list[str]:
    given = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in given]


async def _body(operation: Operation, request: Request) -> object:
    """The body, checked. Raises `RequestError`."""
    if operation.body is Nothing:
        return Nothing()
    data = await read_body(request, MAX_BODY)
    if data is None:
        raise too_long(MAX_BODY)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if data and media != "application/json":
        raise RequestError("the body must be application/json", status=415)
    return decoded(data or b"{}", operation.body)
