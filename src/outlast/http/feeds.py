"""Responses that go on: server-sent events, lines of JSON, and bytes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from outlast.errors import OutlastError
from outlast.http.draining import Reader, Readers
from outlast.http.problems import problem_of

EVENTS: Final = "text/event-stream"
RETRY: Final = b"retry: 1000\n\n"
"""Tells readers of events how soon to come back, in milliseconds, whenever the connection ends."""
STOPPING: Final = b": the server stops, come back\nretry: 500\n\n"
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep events back
    "X-Content-Type-Options": "nosniff",  # a stream's bytes are no page, whatever they look like
}
COMMENT: Final = b": still here\n\n"


class Feed(Response):
    """Sends each frame as soon as it is there, until the frames end, the reader goes, or the server stops.

    In a feed of events, silence is broken by comments. A reader that stops reading stops only its own frames. Where no
    frame says that it was the last, a connection that ends before is broken, so that nobody takes a part for the whole.
    """

    def __init__(
        self,
        frames: AsyncGenerator[bytes],
        readers: Readers,
        *,
        media: str = EVENTS,
        says_end: bool = True,
    ) -> None:
        super().__init__(media_type=media, headers=HEADERS)
        del self.headers["content-length"]
        self._frames, self._readers = frames, readers
        self._has_comments, self._says_end = media == EVENTS, says_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        if scope.get("method") == "HEAD":  # there is nothing to wait for
            await self._frames.aclose()
            await send({"type": "http.response.body", "body": b""})
            return
        if self._has_comments:
            await _send(send, RETRY)
        pings: set[asyncio.Task[None]] = set()
        reader = Reader(lambda: _ping(send, pings) if self._has_comments else None)
        self._readers.add(reader)
        pump = asyncio.ensure_future(self._pump(send, reader))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({pump, gone, reader.leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._readers.remove(reader)
            for task in (pump, gone, *pings):
                task.cancel()
            await asyncio.gather(pump, gone, *pings, return_exceptions=True)
        if not pump.cancelled():
            pump.result()
        elif not self._says_end:
            return  # unfinished: the server breaks the connection
        if not gone.done() or gone.cancelled():
            stopping = self._has_comments and reader.leaving.done()
            await send({"type": "http.response.body", "body": STOPPING if stopping else b""})

    async def _pump(self, send: Send, reader: Reader) -> None:
        try:
            async with aclosing(self._frames) as frames:
                async for frame in frames:
                    reader.quiet = False
                    await _send(send, frame)
        except OutlastError as error:  # the status is sent already: the reader is told in the feed
            if not self._has_comments:
                raise  # which breaks the connection
            await _send(send, event(msgspec.json.encode(problem_of(error)), name="error"))


def event(data: bytes, *, name: str | None = None, id: str | None = None) -> bytes:  # noqa: A002 - the field's name
    """A server-sent event. The data is JSON, so it has no line breaks."""
    head = (f"id: {id}\n" if id is not None else "") + (f"event: {name}\n" if name else "")
    return b"%sdata: %s\n\n" % (head.encode(), data)


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _ping(send: Send, pings: set[asyncio.Task[None]]) -> None:
    """A whole frame in one write, so it may come between two others."""
    if pings:  # the reader has not taken the one before
        return
    task = asyncio.ensure_future(_send(send, COMMENT))
    pings.add(task)
    task.add_done_callback(pings.discard)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
