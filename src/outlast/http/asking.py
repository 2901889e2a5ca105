"""Asking an HTTP API: requests, refusals as the library's errors, and feeds that are come back to."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any, Final, TypeVar

import httpx
import msgspec

from outlast.errors import (
    AccessDeniedError,
    HookNotFoundError,
    HookPayloadError,
    InvalidArgumentsError,
    OutlastError,
    RequestError,
    RunNotFoundError,
    WorkflowNotFoundError,
    WorldUnavailableError,
)
from outlast.http.problems import Problem

R = TypeVar("R")

TIMEOUT: Final = 30.0
COME_BACK_AFTER: Final = 0.5
"""Seconds after which a feed that broke off is come back to; longer each time that fails."""
TRIES: Final = 6


class Message(msgspec.Struct, frozen=True):
    """A server-sent event."""

    id: str | None
    name: str
    data: bytes


class Api:
    """The API at a base URL. Make requests between `open` and `close`."""

    def __init__(
        self, url: str, token: str | None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = _without_secrets(url)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"), headers=headers, timeout=TIMEOUT, transport=transport
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

    async def feed(self, path: str, query: Any, last: str | None = None) -> AsyncGenerator[Message]:
        """The events of a feed up to the one named `end`, also across connections that break off."""
        failures = 0
        while True:
            broken: list[Exception] = []
            async for message in self._tried(path, query, last, broken):
                last, failures = message.id or last, 0
                yield message
                if message.name == "end":
                    return
            failures = failures + 1 if broken else 0
            if failures == TRIES:
                raise WorldUnavailableError(self.url, str(broken[0])) from broken[0]
            await _pause(COME_BACK_AFTER * 2**failures)

    async def _tried(
        self, path: str, query: Any, last: str | None, broken: list[Exception]
    ) -> AsyncGenerator[Message]:
        """What one connection brings. Why it broke off is noted; a server that stops ends it well."""
        try:
            async with aclosing(self._connection(path, query, last)) as messages:
                async for message in messages:
                    yield message
        except (httpx.TransportError, WorldUnavailableError) as error:
            broken.append(error)

    async def _connection(self, path: str, query: Any, last: str | None) -> AsyncGenerator[Message]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        async with self._client.stream("GET", path, params=query, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                await answer.aread()
                raise self._refusal(answer)
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif fields:
                    if "data" in fields:
                        data = fields["data"].encode()
                        yield Message(fields.get("id"), fields.get("event", ""), data)
                    fields = {}

    async def _ask(self, method: str, path: str, kind: type[R], **options: Any) -> R:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise WorldUnavailableError(self.url, reason) from error
        if not answer.is_success:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError as error:
            raise self._stranger(answer) from error

    def _refusal(self, answer: httpx.Response) -> OutlastError:
        try:
            problem = msgspec.json.decode(answer.content, type=Problem)
        except msgspec.DecodeError:
            return self._stranger(answer)
        return _error(problem, self.url)

    def _stranger(self, answer: httpx.Response) -> OutlastError:
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
    "hook-payload": lambda told: HookPayloadError(told.problems),
    "invalid-arguments": lambda told: InvalidArgumentsError(
        told.data.get("name", "?"), told.problems
    ),
    "run-not-found": lambda told: RunNotFoundError(told.data.get("run_id", "?")),
    "workflow-not-found": lambda told: WorkflowNotFoundError(told.data.get("workflow", "?")),
}


def _without_secrets(url: str) -> str:
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None))


async def _pause(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


def attribute_text(name: str, value: object) -> str:
    """An attribute as the list's filter takes it."""
    return f"{name}={msgspec.json.encode(value).decode()}"
