"""The proxy does what it is told to, and nothing else."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager

import pytest

from chaos.proxy import Messages, Proxy

READY = b"Z\x00\x00\x00\x05I"
NOTICE = b"A\x00\x00\x00\x10\x00\x00\x00\x01news\x00me\x00"


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_messages_are_found_however_they_come(size: int) -> None:
    data = b"N" + READY + NOTICE + READY
    messages = Messages()
    found = [
        message
        for start in range(0, len(data), size)
        for message in messages.feed(data[start : start + size])
    ]
    assert found == [b"N", READY, NOTICE, READY]


def test_a_first_byte_that_begins_a_message() -> None:
    assert Messages().feed(READY) == [READY]


class Server:
    """Answers each byte that it gets with a message and a notification."""

    def __init__(self) -> None:
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1):
            self.asked += 1
            writer.write(NOTICE + READY)
        writer.close()


@asynccontextmanager
async def connected() -> AsyncGenerator[tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]]:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    async with server, Proxy("127.0.0.1", server.sockets[0].getsockname()[1]).running() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            yield proxy, reader, writer
        finally:
            writer.transport.abort()


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_notifications_are_lost_and_repeated(copies: int) -> None:
    async def scenario() -> bytes:
        async with connected() as (proxy, reader, writer):
            proxy.copies = copies
            writer.write(b"?")
            return await reader.readuntil(READY)

    assert run(scenario()) == NOTICE * copies + READY


def test_a_connection_that_is_cut_is_gone() -> None:
    async def scenario() -> bytes:
        async with connected() as (proxy, reader, writer):
            writer.write(b"?")
            await reader.readuntil(READY)
            assert proxy.cut(lambda: True) == 1
            return await read_to_the_end(reader)

    assert run(scenario()) == b""


def test_an_answer_that_never_comes() -> None:
    """The server has done what it was asked for; who asked hears nothing."""

    async def scenario() -> bytes:
        async with connected() as (proxy, reader, writer):
            writer.write(b"?")
            await reader.readuntil(READY)
            assert proxy.cut_unanswered(lambda: True) == 1
            writer.write(b"?")
            return await read_to_the_end(reader)

    assert run(scenario()) == b""


def test_a_network_that_stalls_loses_nothing() -> None:
    async def scenario() -> bytes:
        async with connected() as (proxy, reader, writer):
            proxy.flowing.clear()
            writer.write(b"?")
            waiting = asyncio.create_task(reader.readuntil(READY))
            done, _ = await asyncio.wait({waiting}, timeout=0.05)
            assert not done
            proxy.calm()
            return await waiting

    assert run(scenario()) == NOTICE + READY


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def run(scenario: Coroutine[None, None, bytes]) -> bytes:
    return asyncio.run(asyncio.wait_for(scenario, 60))
