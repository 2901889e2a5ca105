"""Following a feed of server-sent events, also across connections that break off."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import Final, TypeAlias

import msgspec

from outlast.errors import WorldUnavailableError

COME_BACK_AFTER: Final = 0.5
"""Seconds after which a feed that broke off is come back to; twice as long each time that brings nothing."""
TRIES: Final = 6
"""So many connections in a row may bring nothing."""


class Message(msgspec.Struct, frozen=True):
    """A server-sent event. One without data only tells the place (`id`), or that the server is there."""

    id: str | None
    name: str
    data: bytes | None


Connect: TypeAlias = Callable[[str | None], AsyncGenerator[Message]]
"""Gives what one connection brings after the message of an id. Raises `WorldUnavailableError` where it breaks off."""


async def follow(connect: Connect, url: str, last: str | None) -> AsyncGenerator[Message]:
    """The messages up to the one named `end`. A connection that ends before is come back to, at the message that
    came last.

    Raises what `connect` raises, and `WorldUnavailableError` when so many in a row brought nothing at all.
    """
    failures = 0
    while True:
        reason = "the connection ends before anything comes"
        try:
            async with aclosing(connect(last)) as messages:
                async for message in messages:
                    last, failures = message.id or last, -1
                    if message.data is not None:
                        yield message
                    if message.name == "end":
                        return
        except WorldUnavailableError as error:
            reason = str(error.args[0]).removeprefix(f"{url}: ")
        failures += 1
        if failures == TRIES:
            raise WorldUnavailableError(url, f"{reason} (tried {TRIES} times)")
        await _pause(COME_BACK_AFTER * 2**failures)


async def read_messages(parts: AsyncIterator[bytes]) -> AsyncGenerator[Message]:
    """The messages that the parts of a `text/event-stream` make. Comments are none.

    Lines end with a line feed and with nothing else: a JSON text may have other characters in it that some take
    for the end of a line.
    """
    rest = b""
    fields: dict[bytes, bytes] = {}
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            name, colon, value = line.rstrip(b"\r").partition(b":")
            if name:
                fields[name] = value.removeprefix(b" ")
            elif not colon and fields:
                yield _message(fields)
                fields = {}


def _message(fields: dict[bytes, bytes]) -> Message:
    identity = fields.get(b"id")
    return Message(
        id=None if identity is None else identity.decode(),
        name=fields.get(b"event", b"").decode(),
        data=fields.get(b"data"),
    )


async def _pause(seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
