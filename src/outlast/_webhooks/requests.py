"""What comes to a webhook, and what it is answered: `WebhookRequest` and `Response`."""

import re
from collections.abc import Awaitable, Mapping
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import parse_qs

import msgspec

from outlast._webhooks.answering import respond
from outlast.errors import NotAllowedHereError

T_co = TypeVar("T_co", covariant=True)

UNRECORDED: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that are secrets of whoever sends them. Verifiers see them; they are not recorded."""


_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""A header's, as RFC 9110 has it."""
_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook is answered."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""

    def __post_init__(self) -> None:
        """Raises `ValueError` for what is no answer of HTTP."""
        status, headers, body = cast(
            "tuple[Any, Mapping[Any, Any], Any]", (self.status, self.headers, self.body)
        )
        if not (isinstance(status, int) and 200 <= status <= 599):
            message = f"{status!r} cannot be the status of a response: it is 200 to 599"
            raise ValueError(message)
        for name, value in headers.items():
            if not _fits(_NAME, name) or not _fits(_VALUE, value):
                message = f"{name!r} cannot be a header of a response: it has characters that no header has, or is no text"
                raise ValueError(message)
        if not isinstance(body, bytes):
            message = f"{type(body).__name__} cannot be the body of a response: it is bytes; for others there are Response.text(...) and Response.json(...)"
            raise ValueError(message)  # noqa: TRY004 - as all that is no answer

    @classmethod
    def json(cls, value: object, *, status: int = 200) -> "Response":
        """A value as JSON."""
        headers = {"content-type": "application/json"}
        return cls(status=status, headers=headers, body=msgspec.json.encode(value))

    @classmethod
    def text(cls, text: str, *, status: int = 200) -> "Response":
        """A text."""
        headers = {"content-type": "text/plain; charset=utf-8"}
        return cls(status=status, headers=headers, body=text.encode())


def _fits(pattern: re.Pattern[str], given: object) -> bool:
    return isinstance(given, str) and pattern.fullmatch(given) is not None


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that has come to a webhook. It can be passed to steps, and is the same at each replay."""

    method: str
    headers: dict[str, str] = {}
    """By names in lower case; what was sent several times under one name is joined by `, `. Without those by which
    the sender makes itself known (`authorization`, `cookie`), which are not recorded."""
    query: dict[str, list[str]] = {}
    body: bytes = b""
    answer: str | None = None
    """Where its answer is left; `None` if it had one at once, empty if nobody waits for one."""

    def json(self) -> Any:
        """The body, read as JSON. Raises `ValueError`."""
        return msgspec.json.decode(self.body)

    def text(self) -> str:
        """The body as text. Raises `UnicodeDecodeError`, which is a `ValueError`."""
        return self.body.decode()

    def form(self) -> dict[str, list[str]]:
        """The fields of a body that is a form (`application/x-www-form-urlencoded`). Raises `ValueError`, also for
        `multipart/form-data`, which takes a parser of your own for `body`."""
        if media_type(self.headers).startswith("multipart/"):
            raise ValueError("the body is multipart/form-data, and form() reads no files")
        return parse_qs(self.body.decode(), keep_blank_values=True, max_num_fields=1_000)

    def respond(self, response: Response) -> Awaitable[None]:
        """Answer the request of a webhook that was made with `respond="manual"`. Durable when done.

        In a workflow it is a step: it is done once, and not again at a replay. In a step it is awaited (in a `def`
        step: called), and counts once that attempt does. Whoever waits no longer misses it.

        Raises:
            NotAllowedHereError: The request has been answered already, or was never to be answered by the run; or
                this is neither a workflow nor a step; or what is given is no `Response`.
        """
        given: Any = response
        if not isinstance(given, Response):
            raise NotAllowedHereError(
                "respond()",
                f"with {type(given).__name__}",
                "Give a Response of outlast.webhooks: Response.json(...), Response.text(...).",
            )
        return respond(self.answer, response)


def media_type(headers: Mapping[str, str]) -> str:
    """What the body is, without parameters; empty if the sender does not say."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


class TypedRequest(WebhookRequest, Generic[T_co], frozen=True, kw_only=True):
    """A request to a webhook that has a schema and is answered by the run."""

    payload: T_co
    """What the schema makes of the body."""


for _record in (Response, WebhookRequest, TypedRequest):
    _record.__module__ = (
        "outlast.webhooks"  # recorded in logs: the name by which users know it, for good
    )
