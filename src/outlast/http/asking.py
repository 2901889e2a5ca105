"""Asking an HTTP API: requests, and refusals as the library's errors."""

import ssl
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from outlast.errors import (
    AccessDeniedError,
    HookNotFoundError,
    HookPayloadError,
    InvalidArgumentsError,
    InvalidDurationError,
    OutlastError,
    PayloadTooLargeError,
    RequestError,
    RunNotFoundError,
    WorkflowNotFoundError,
    WorldError,
    WorldUnavailableError,
)
from outlast.http.following import Message, follow, read_messages
from outlast.http.problems import Problem

R = TypeVar("R")

TIMEOUT: Final = 30.0
_FORM: Final = "Give the URL that `outlast serve` prints, such as http://127.0.0.1:8000/api/v1."
_IN_BETWEEN: Final = (502, 503, 504)
"""What proxies answer while what is behind them is not there."""


class Api:
    """The API at a base URL. Raises `WorldError` if it can be none."""

    def __init__(
        self, url: str, token: str | None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = _checked_url(url)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers=headers,
            timeout=TIMEOUT,
            transport=transport,
            verify=trust_for(url),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, path: str, kind: type[R], query: Any = None) -> R:
        """A record. Raises what the problem document tells, or `WorldUnavailableError`."""
        return await self._ask("GET", path, kind, params=query)

    async def post(self, path: str, kind: type[R], body: object) -> R:
        """The same, for an act."""
        headers = {"Content-Type": "application/json"}
        content = msgspec.json.encode(body)
        return await self._ask("POST", path, kind, content=content, headers=headers)

    def feed(self, path: str, query: Any, last: str | None = None) -> AsyncGenerator[Message]:
        """The events of a feed up to the one named `end`, also across connections that break off; see `follow`."""
        return follow(lambda known: self._connection(path, query, known), self.url, last)

    async def _connection(self, path: str, query: Any, last: str | None) -> AsyncGenerator[Message]:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"} | (
            {"Last-Event-ID": last} if last else {}
        )
        try:
            async with self._client.stream("GET", path, params=query, headers=headers) as answer:
                if answer.status_code != httpx.codes.OK:
                    await answer.aread()
                    raise self._refusal(answer)
                async for message in read_messages(answer.aiter_bytes()):
                    if message.name == "error":
                        raise _error(
                            msgspec.json.decode(message.data or b"", type=Problem), self.url
                        )
                    yield message
        except httpx.TransportError as error:
            raise self._unreached(error) from error

    async def _ask(self, method: str, path: str, kind: type[R], **options: Any) -> R:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise self._unreached(error) from error
        if not answer.is_success:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError as error:
            raise self._stranger(answer) from error

    def _unreached(self, error: httpx.TransportError) -> WorldError:
        reason = str(error) or type(error).__name__
        if isinstance(error, httpx.UnsupportedProtocol):  # no time will mend that
            return WorldError(self.url, reason)
        hint = "Check the host and the port in the URL, and that `outlast serve` runs there."
        return WorldUnavailableError(self.url, reason, hint=hint)

    def _refusal(self, answer: httpx.Response) -> OutlastError:
        try:
            problem = msgspec.json.decode(answer.content, type=Problem)
        except msgspec.DecodeError:
            return self._stranger(answer)
        return _error(problem, self.url)

    def _stranger(self, answer: httpx.Response) -> OutlastError:
        if answer.status_code in _IN_BETWEEN:
            return WorldUnavailableError(self.url, f"it was answered {answer.status_code}")
        return RequestError(
            f"{self.url} answered {answer.status_code}, and not as this API does",
            status=answer.status_code,
            hint="Give the URL of the API with its path: what `outlast serve` prints.",
        )


def _error(problem: Problem, url: str) -> OutlastError:
    """The error that the document tells of."""
    make = _ERRORS.get(problem.slug)
    if make is not None:
        return make(problem)
    if problem.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return WorldUnavailableError(url, problem.detail, hint=problem.hint)
    return RequestError(problem.detail, status=problem.status, hint=problem.hint)


def _denied(problem: Problem) -> OutlastError:
    missing = problem.status == httpx.codes.UNAUTHORIZED
    hint = "Set OUTLAST_TOKEN to one of its tokens." if missing else problem.hint
    return AccessDeniedError(problem.detail, status=problem.status, hint=hint)


_ERRORS: Final[dict[str, Callable[[Problem], OutlastError]]] = {
    "access-denied": _denied,
    "hook-not-found": lambda _: HookNotFoundError("..."),
    "hook-payload": lambda told: HookPayloadError(told.problems, told.errors),
    "invalid-arguments": lambda told: InvalidArgumentsError(
        told.data.get("name", "?"), told.problems
    ),
    "invalid-duration": lambda told: InvalidDurationError(
        told.data.get("value", "?"), told.data.get("reason", "?")
    ),
    "payload-too-large": lambda told: PayloadTooLargeError(
        *(int(told.data.get(name, 0)) for name in ("size", "limit")),
        what=told.data.get("what", "value"),
    ),
    "run-not-found": lambda told: RunNotFoundError(told.data.get("run_id", "?")),
    "workflow-not-found": lambda told: WorkflowNotFoundError(told.data.get("workflow", "?")),
}


def trust_for(url: str) -> ssl.SSLContext | bool:
    """How certificates are checked. Without TLS none comes, and the authorities, which take as long to read as many
    requests take, are left out: what would be asked over TLS all the same is trusted by nobody."""
    return True if httpx.URL(url).scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _checked_url(url: str) -> str:
    """The URL without secrets. Raises `WorldError` for what is no URL over HTTP."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        # Without the reason, which may name a part of it that is a secret.
        raise WorldError("the URL of an API", "it cannot be read", hint=_FORM) from None
    shown = str(parsed.copy_with(userinfo=b"", query=None))
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise WorldError(shown, "this is no URL of an API over HTTP", hint=_FORM)
    return shown


def attribute_text(name: str, value: object) -> str:
    """An attribute as the list's filter takes it."""
    return f"{name}={msgspec.json.encode(value).decode()}"


def path_part(text: str) -> str:
    """A text as a part of a path. What stands for a folder in one is written otherwise."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
