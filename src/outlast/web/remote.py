"""The API of another process, passed on: the browser needs neither its address nor its token."""

from collections.abc import AsyncGenerator
from typing import Final
from urllib.parse import quote

import httpx
import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from outlast.errors import AccessDeniedError, OutlastError, RequestError, WorldUnavailableError
from outlast.http import Role
from outlast.http.access import SAFE_METHODS, check_access
from outlast.http.asking import trust_for
from outlast.http.problems import problem_of, response_of
from outlast.http.reading import read_body
from outlast.web.local import OwnMachine

MAX_BODY: Final = 5 * 2**20
TIMEOUT: Final = httpx.Timeout(30.0, read=None)
"""Feeds are silent for as long as nothing happens."""
LIMITS: Final = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
"""Each feed has a connection of its own. Servers close what is idle after 5 seconds: a request that meets that end is lost."""
SENT_ON: Final = ("accept", "content-type", "if-none-match", "last-event-id")
PASSED_BACK: Final = frozenset(
    ("content-type", "content-disposition", "etag", "cache-control", "location", "retry-after")
)
THEIR_DATE: Final = "outlast-date"
"""The time there: the pages count what is left by that clock. The header `date` is this process's own."""


class RemoteApi:
    """An ASGI application that passes the requests of this machine on to an API, with its token.

    With `read_only` only what a reader may ask for is passed on, whatever the token may do.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        base: str = "/api/v1",
        read_only: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=TIMEOUT,
            limits=LIMITS,
            transport=transport,
            verify=trust_for(url),
        )
        self._base = base
        self._read_only = read_only
        self._access = OwnMachine(Role.READ if read_only else Role.OPERATE)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def drain(self) -> None:
        """Nothing is kept open here: what goes on ends with its connections."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] == "http":
            request = Request(scope, receive)
            try:
                response = await self._passed_on(request)
            except OutlastError as error:
                response = response_of(problem_of(error))
            await response(scope, receive, send)

    async def _passed_on(self, request: Request) -> Response:
        path = _path_below(request.scope.get("root_path", "") + self._base, request)
        await check_access(self._access, request, _needed(request.method, path))
        asked = self._client.build_request(
            request.method,
            self._url + quote(path),
            params=request.url.query,
            headers={name: request.headers[name] for name in SENT_ON if name in request.headers},
            content=await _body(request),
        )
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.TransportError as error:
            raise WorldUnavailableError(self._url, str(error) or type(error).__name__) from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            await answer.aclose()
            raise self._stranger()
        if path == "/me" and self._read_only and answer.is_success:
            return await _as_reader(answer)
        headers = {name: text for name, text in answer.headers.items() if name in PASSED_BACK}
        if "date" in answer.headers:
            headers[THEIR_DATE] = answer.headers["date"]
        return StreamingResponse(_parts(answer), answer.status_code, headers)

    def _stranger(self) -> AccessDeniedError:
        """Not 401: the pages would ask for a token, and no other than that of this process is sent on."""
        return AccessDeniedError(
            f"{self._url} does not take the token of this process, or wants one",
            hint="Set OUTLAST_TOKEN to one of its tokens, and start `outlast web` anew.",
        )


def _path_below(base: str, request: Request) -> str:
    """As it was decoded, for it is judged by what it says; what would lead elsewhere is refused."""
    path: str = request.scope["path"].removeprefix(base)
    if any(part in (".", "..") for part in path.split("/")):
        raise RequestError("there is nothing at this path", status=404)
    return path


def _needed(method: str, path: str) -> Role:
    """Hooks are shown with their tokens, so they are nothing for those who may only look."""
    only_looks = method in SAFE_METHODS and not path.startswith("/hooks")
    return Role.READ if only_looks else Role.OPERATE


async def _body(request: Request) -> bytes:
    if request.method in SAFE_METHODS:
        return b""
    if request.headers.get("content-type", "application/json") != "application/json":
        raise AccessDeniedError("only JSON is passed on", status=415)
    data = await read_body(request, MAX_BODY)
    if data is None:
        raise RequestError(f"the body is longer than {MAX_BODY} bytes", status=413)
    return data


async def _as_reader(answer: httpx.Response) -> Response:
    """Who the token is for, with the role that it has left here: the pages show buttons by it."""
    try:
        me = msgspec.json.decode(await answer.aread(), type=dict[str, object])
    finally:
        await answer.aclose()
    return Response(msgspec.json.encode(me | {"role": Role.READ}), media_type="application/json")


async def _parts(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """The body as it comes. It ends where the connection breaks off: readers of feeds come back."""
    try:
        async for part in answer.aiter_bytes():
            yield part
    except httpx.TransportError:
        return
    finally:
        await answer.aclose()
