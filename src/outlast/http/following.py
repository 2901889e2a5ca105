"""Following a feed of server-sent events, also across connections that break off."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final, TypeAlias

import msgspec

from outlast._clock import pause
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
    feed = _Feed(connect, url, last)
    while not feed.over:
        async with aclosing(feed.connection()) as messages:
            async for message in messages:
                yield message
        await feed.rest()


class _Feed:
    """Where a feed stands, from one connection to the next."""

    def __init__(self, connect: Connect, url: str, last: str | None) -> None:
        self._connect, self._url, self._last = connect, url, last
        self._failures = 0
        """How many connections in a row have brought nothing."""
        self._reason = ""
        """Why the last one has ended."""
        self.over = False

    async def connection(self) -> AsyncGenerator[Message]:
        """What one connection brings; what only tells the place is noted."""
        self._failures += 1
        self._reason = "the connection ends before anything comes"
        try:
            async with aclosing(self._connect(self._last)) as messages:
                async for message in messages:
                    self._note(message)
                    if message.data is not None:
                        yield message
                    if self.over:
                        return
        except WorldUnavailableError as error:
            self._reason = str(error.args[0]).removeprefix(f"{self._url}: ")

    async def rest(self) -> None:
        """Wait until it is time to come back. Raises `WorldUnavailableError` if that has been done often enough."""
        if self._failures == TRIES:
            raise WorldUnavailableError(self._url, f"{self._reason} (tried {TRIES} times)")
        if not self.over:
            await pause(COME_BACK_AFTER * 2**self._failures)

    def _note(self, message: Message) -> None:
        self._failures = 0
        self._last = message.id or self._last
        self.over = self.over or message.name == "end"


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
