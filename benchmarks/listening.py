"""Readers of server-sent events in a process of their own: bare sockets, so that they cost little.

Run as `python -m benchmarks.listening READERS URLS...`, which take turns. It says `ready` when all are connected, and at last tells, as
one line of JSON, what they have got. On a line of input, or when all streams are over, it stops.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import msgspec

from benchmarks.limits import allow_many_files
from benchmarks.talking import TalkingProcess

AT_ONCE = 100
"""So many connect at the same time."""


class Heard(msgspec.Struct, frozen=True):
    """What the readers of a process have got."""

    lags: list[float]
    """Seconds from the write of each chunk until each reader had it, where chunks are times."""
    chunks: list[int]
    """How many chunks each reader has got, in order and without a gap."""


class ListeningProcess(TalkingProcess):
    """The process, as its parent sees it. All its readers are connected within `with`."""

    def __init__(self, readers: int, *urls: str) -> None:
        super().__init__("benchmarks.listening", str(readers), *urls)

    def ready(self) -> None:
        """Return when all are connected."""
        if self.hear() != "ready\n":
            raise RuntimeError("readers could not connect")

    def heard(self) -> Heard:
        """Wait until the streams are over."""
        return msgspec.json.decode(self.hear(), type=Heard)


class _Reader(asyncio.Protocol):
    """One reader. It takes the bytes as they come: the lengths between chunks of the transfer are lines, too."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.over: asyncio.Future[None] = loop.create_future()
        self.lags: list[float] = []
        self.chunks = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and not self.over.done():
                self.lags.append(now - float(line[6:]))
            elif line.startswith(b"id: "):
                self._place(int(line[4:].partition(b".")[0]))
            elif line == b"event: end":
                _resolve(self.over)

    def connection_lost(self, exc: Exception | None) -> None:
        _resolve(self.ready)
        _resolve(self.over)

    def _place(self, index: int) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        elif index == self.chunks:
            self.chunks += 1


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


async def _listen(count: int, urls: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    requests = [_request(url) for url in urls]
    readers = [_Reader(requests[n % len(urls)]) for n in range(count)]
    host, port = urlsplit(urls[0]).hostname, urlsplit(urls[0]).port
    assert host is not None
    assert port is not None
    for at in range(0, count, AT_ONCE):
        some = readers[at : at + AT_ONCE]
        await asyncio.gather(
            *[loop.create_connection(partial(_same, one), host, port) for one in some]
        )
        await asyncio.gather(*[one.ready for one in some])
    print("ready", flush=True)
    stopped = asyncio.ensure_future(asyncio.to_thread(sys.stdin.readline))
    over = asyncio.ensure_future(asyncio.gather(*[one.over for one in readers]))
    await asyncio.wait({stopped, over}, return_when=asyncio.FIRST_COMPLETED)
    print(msgspec.json.encode(_heard(readers)).decode(), flush=True)


def _same(reader: _Reader) -> _Reader:
    return reader


def _request(url: str) -> bytes:
    parts = urlsplit(url)
    head = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    return f"{head}Accept: text/event-stream\r\n\r\n".encode()


def _heard(readers: Sequence[_Reader]) -> Heard:
    lags = [lag for one in readers for lag in one.lags]
    return Heard(lags, [one.chunks for one in readers])


if __name__ == "__main__":
    allow_many_files()
    asyncio.run(_listen(int(sys.argv[1]), sys.argv[2:]))
