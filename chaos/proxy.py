"""A TCP proxy on loopback between the workers and PostgreSQL: it cuts, delays, stalls, and meddles with notifications."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

CHUNK: Final = 1 << 16
NOTIFICATION: Final = ord("A")
"""The type of the message by which the server tells of a NOTIFY."""
REFUSALS: Final = b"NS"
"""The answer to the question for encryption: one byte, not a message."""


class Proxy:
    """Forwards connections to a host and port. What it does to them may be changed at any time."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._links: set[_Link] = set()
        self.port = 0
        """Where it listens on 127.0.0.1."""
        self.delay = 0.0
        """Seconds by which each piece of data is late."""
        self.copies = 1
        """How often each notification is handed on; 0: it is lost."""
        self.meddled = 0
        """How many notifications were lost or repeated."""
        self.flowing = asyncio.Event()
        """Cleared, nothing goes through and nobody is told: a network that swallows everything."""
        self.flowing.set()

    def cut(self, which: Callable[[], bool]) -> int:
        """Break connections off in the middle of whatever they do. Gives how many."""
        chosen = [link for link in list(self._links) if which()]
        for link in chosen:
            link.cut()
        return len(chosen)

    def cut_unanswered(self, which: Callable[[], bool]) -> int:
        """Break connections off when the server has done what it was asked for next, and says so."""
        chosen = [link for link in list(self._links) if which()]
        for link in chosen:
            link.doomed = True
        return len(chosen)

    def calm(self) -> None:
        """Forward everything as it is."""
        self.delay, self.copies = 0.0, 1
        self.flowing.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Proxy"]:
        """Listen until the end of the block; then all connections are broken off."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()
            self.calm()
            self.cut(lambda: True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.flowing.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:  # the server is down
            writer.transport.abort()
            return
        link = _Link((writer, far_writer))
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._upwards(link, reader, far_writer))
                group.create_task(self._downwards(link, far_reader, writer))
        finally:
            self._links.discard(link)
            link.cut()

    async def _upwards(
        self, link: "_Link", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await _read(reader):
            await self._pass(writer, data)
        link.cut()

    async def _downwards(
        self, link: "_Link", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        messages = Messages()
        while (data := await _read(reader)) and not link.doomed:
            whole = b"".join([self._meddle(message) for message in messages.feed(data)])
            if whole:
                await self._pass(writer, whole)
        if link.doomed:
            link.cut()
        writer.close()  # what the server said last still goes out; the other half ends with it

    def _meddle(self, message: bytes) -> bytes:
        if message[0] != NOTIFICATION or self.copies == 1:
            return message
        self.meddled += 1
        return message * self.copies

    async def _pass(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        await self.flowing.wait()
        with suppress(OSError):
            writer.write(data)
            await writer.drain()


class _Link:
    """Both halves of a connection."""

    def __init__(self, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self._writers = writers
        self.doomed = False
        """To be cut at the next answer."""

    def cut(self) -> None:
        """Break it off on both sides. Idempotent."""
        for writer in self._writers:
            writer.transport.abort()


class Messages:
    """Takes what a PostgreSQL server sends apart into whole messages."""

    def __init__(self) -> None:
        self._rest = b""
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. The first byte of all may be one by itself: it refuses encryption."""
        found: list[bytes] = []
        rest = self._rest + data
        if self._first and rest[0] in REFUSALS:
            found.append(rest[:1])
            rest = rest[1:]
        self._first = False
        while len(rest) >= 5 and len(rest) > (length := int.from_bytes(rest[1:5])):
            found.append(rest[: length + 1])
            rest = rest[length + 1 :]
        self._rest = rest
        return found


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The next piece; nothing at the end, however it comes."""
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""
