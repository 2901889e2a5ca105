"""Sending requests over bare connections that are kept, so that the client costs little."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager

import msgspec

from benchmarks.model import WrongResultError


class Connection:
    """One connection; requests go one after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def post(self, path: str, number: int) -> None:
        """Send the number and the time. Raises `WrongResultError` unless it is accepted."""
        body = msgspec.json.encode({"number": number, "sent": time.time()})
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body))
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 202 "):
            raise WrongResultError(answer)

    def close(self) -> None:
        """End."""
        self._writer.close()


@asynccontextmanager
async def connections(host: str, port: int, number: int) -> AsyncGenerator[list[Connection]]:
    """So many connections to a server."""
    opened = [Connection(*await asyncio.open_connection(host, port)) for _ in range(number)]
    try:
        yield opened
    finally:
        for one in opened:
            one.close()


async def post_all(lines: list[Connection], paths: Iterable[str]) -> float:
    """Post to each path, on whichever connection is free. Gives the seconds until all were accepted."""
    numbered = iter(list(enumerate(paths)))
    began = time.perf_counter()
    await asyncio.gather(*[_post(line, numbered) for line in lines])
    return time.perf_counter() - began


async def _post(line: Connection, numbered: Iterator[tuple[int, str]]) -> None:
    for number, path in numbered:
        await line.post(path, number)
