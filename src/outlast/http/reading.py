"""Reading the bodies of requests: never more than is allowed, and JSON into records."""

from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.types import Receive

from outlast.errors import RequestError

T = TypeVar("T")


async def read_body(request: Request, limit: int) -> bytes | None:
    """The body, whatever its media type; `None` if it has more bytes: then no more of it is read. Raises `RequestError`
    if it does not come to its end."""
    return await body_within(request.receive, limit, request.headers.get("content-length", ""))


async def body_within(receive: Receive, limit: int, length: str) -> bytes | None:
    """The same, where the header that tells the length is known."""
    if length.isdecimal() and int(length[:20]) > limit:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError("whoever sends this has gone before the end of the body")
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def too_long(limit: int) -> RequestError:
    """What to say of a body that has more bytes."""
    return RequestError(f"the body has more than {limit:,} bytes", status=413)


def decoded(body: bytes, of: type[T]) -> T:
    """The record that the JSON stands for. Raises `RequestError`: 400 for no JSON, 422 for what does not fit."""
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.ValidationError as error:
        raise RequestError(str(error), status=422) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"the body is no JSON: {error}") from error
