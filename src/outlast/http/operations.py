"""What the API can do, as data: the routes and the OpenAPI document are both made from it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request

from outlast import App
from outlast.errors import RequestError, WorldUnavailableError
from outlast.http.access import Role
from outlast.http.changes import RunWatcher
from outlast.http.draining import Readers

Q = TypeVar("Q", bound=msgspec.Struct)
T = TypeVar("T")

ACT_WITHIN: Final = 20.0
"""Seconds after which whoever asks for something to be done is told that it is not known to be: less than the
library's own client waits for an answer."""
_UNSURE: Final = "Look whether it is done, or ask again: with the same `run_id`, `idempotency_key` or `key` nothing is done twice."


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters, or no body."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, checked: what an operation's function gets."""

    app: App
    request: Request
    role: Role
    """Of whoever sent it."""
    query: Any
    """As the operation's `query` type has it."""
    body: Any
    """As the operation's `body` type has it."""
    readers: Readers
    """Who reads something that goes on."""
    watcher: RunWatcher
    """Watches pages of runs for those who read them."""
    act_within: float
    """Seconds that an act may take."""

    def text(self, name: str) -> str:
        """A part of the path."""
        text: str = self.request.path_params[name]
        return text

    async def durably(self, act: Awaitable[T]) -> T:
        """What an act gives when it is durable. While the world cannot be written it waits, and for longer than those
        who ask: then `WorldUnavailableError` is raised, and the act may be done all the same."""
        limit = asyncio.timeout(self.act_within)
        try:
            async with limit:
                return await act
        except TimeoutError:
            if not limit.expired():
                raise
            reason = f"nothing could be written within {self.act_within:g} s, and what was asked for may be done all the same"
            raise WorldUnavailableError(self.app.url, reason, hint=_UNSURE) from None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    id: str
    summary: str
    method: str
    path: str
    """Below the base; parts that vary in braces."""
    run: Callable[[Asked], Awaitable[object]]
    """Gives a record of the type `result`, or a response."""
    result: Any
    """The type of the answer's body; `None` where it is no JSON."""
    role: Role = Role.READ
    query: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] = Nothing
    status: int = 200
    media: tuple[str, ...] = ("application/json",)
    errors: tuple[int, ...] = ()
    """Statuses of refusals beside those that every operation has."""


@dataclass(frozen=True)
class Answer:
    """A record with headers."""

    record: object
    headers: dict[str, str] = field(default_factory=dict[str, str])


def read_query(wanted: type[Q], request: Request) -> Q:
    """The query parameters. Lists are repeated parameters. Raises `RequestError`."""
    known = {info.encode_name: info for info in msgspec.structs.fields(wanted)}
    if unknown := sorted(set(request.query_params) - set(known)):
        raise RequestError(f"there is no parameter {unknown[0]!r}", status=422)
    given: dict[str, object] = {}
    for name, info in known.items():
        values = request.query_params.getlist(name)
        if values:
            given[name] = values if _is_list(info.type) else values[-1]
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise RequestError(str(error), status=422) from error


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is tuple
