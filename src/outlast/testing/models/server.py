"""The server: HTTP/1.1 on loopback, one request a connection."""

import asyncio
import math
from collections.abc import Iterator
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec

from outlast._clock import Clock, from_seconds, sleep_until
from outlast._runtime.system import SystemClock
from outlast.testing.models import anthropic, openai
from outlast.testing.models.script import (
    Answer,
    ModelRequest,
    Refusal,
    Script,
    Silence,
    reply_to,
)

_APIS: Final[dict[str, Literal["openai", "anthropic"]]] = {
    "/v1/chat/completions": "openai",
    "/v1/messages": "anthropic",
}
_FORMS: Final = {"openai": openai, "anthropic": anthropic}
_LONGEST: Final = 64 * 2**20


class ModelServer:
    """A provider of language models on this machine that follows a script.

    Use it with `async with`. It listens on a free port of 127.0.0.1, at `/v1/chat/completions` as OpenAI does and at
    `/v1/messages` as Anthropic does.

    Args:
        script: The replies in the order of the requests, or a function that gives the reply to a request. After
            the last one requests are refused with 400.
        clock: On which the pauses of answers are; by default real time. With a `SkippingClock`, whatever is on its way
            through sockets counts as quiet after its `threshold`.
    """

    def __init__(self, script: Script, *, clock: Clock | None = None) -> None:
        self.requests: list[ModelRequest] = []
        """What it was asked, in order. `len(server.requests)`: how often."""
        self.abandoned: list[int] = []
        """The numbers of the requests whose clients have gone away before the end of the answer, in the order in
        which they did."""
        self._script, self._clock = script, clock or SystemClock()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is. Raises `RuntimeError` while it is not."""
        if self._server is None:
            raise RuntimeError("the server has no address yet: async with ModelServer(...)")
        port: int = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI's client."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic's client."""
        return self.url

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Break all connections, also those in which it is silent."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio serves each connection in a task
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path, headers, body = await _read(reader)
        api = _APIS.get(path.partition("?")[0])
        if api is None:
            await _send(writer, 404, {"error": {"message": f"nothing is served at {path}"}})
            return
        request = ModelRequest(
            number=len(self.requests), api=api, headers=headers, body=msgspec.json.decode(body)
        )
        self.requests.append(request)
        answering = asyncio.ensure_future(self._reply(writer, request))
        leaving = asyncio.ensure_future(reader.read())  # until the client goes away
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                await answering
            else:
                self.abandoned.append(request.number)
        except ConnectionError:
            self.abandoned.append(request.number)
            raise
        finally:
            leaving.cancel()
            answering.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _reply(self, writer: asyncio.StreamWriter, request: ModelRequest) -> None:
        api = request.api
        match reply_to(self._script, request):
            case Silence():
                await asyncio.Event().wait()
            case Refusal() as refusal:
                await _send(writer, refusal.status, _FORMS[api].refused(refusal), refusal)
            case Answer() as answer if request.streamed:
                await self._stream(writer, request, answer)
            case Answer() as answer:
                await self._answer(writer, request, answer)

    async def _answer(
        self, writer: asyncio.StreamWriter, request: ModelRequest, answer: Answer
    ) -> None:
        await self._pause(answer.pause * len(answer.words))
        if answer.drop_after is not None:
            writer.transport.abort()
            return
        await _send(writer, 200, _FORMS[request.api].whole(request, answer))

    async def _stream(
        self, writer: asyncio.StreamWriter, request: ModelRequest, answer: Answer
    ) -> None:
        writer.write(_head(200, "text/event-stream", b"Transfer-Encoding: chunked\r\n"))
        for number, event in enumerate(_events(request, answer)):
            if number == answer.drop_after:
                await writer.drain()
                writer.transport.abort()
                return
            await self._pause(answer.pause)
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _pause(self, seconds: float) -> None:
        if seconds:
            await sleep_until(self._clock, self._clock.now() + from_seconds(seconds))


def _events(request: ModelRequest, answer: Answer) -> Iterator[bytes]:
    """The answer as server-sent events."""
    for piece in _FORMS[request.api].pieces(request, answer):
        data = msgspec.json.encode(piece)
        name = b"event: %s\n" % piece["type"].encode() if request.api == "anthropic" else b""
        yield b"%sdata: %s\n\n" % (name, data)
    if request.api == "openai":
        yield openai.DONE


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """The path, the headers and the body of a request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    path = head[0].split(" ")[1]
    pairs = [line.partition(":") for line in head[1:] if line]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = min(int(headers.get("content-length", "0")), _LONGEST)
    return path, headers, await reader.readexactly(length)


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    document: dict[str, Any],
    refusal: Refusal | None = None,
) -> None:
    body = msgspec.json.encode(document)
    more = b"Content-Length: %d\r\n" % len(body)
    if refusal is not None and refusal.retry_after is not None:
        more += b"Retry-After: %d\r\n" % math.ceil(refusal.retry_after)
        more += b"Retry-After-Ms: %d\r\n" % round(refusal.retry_after * 1_000)
    writer.write(_head(status, "application/json", more) + body)
    await writer.drain()


def _head(status: int, media: str, more: bytes) -> bytes:
    known = status in HTTPStatus.__members__.values()
    phrase = HTTPStatus(status).phrase if known else "Overloaded"
    line = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {media}\r\nConnection: close\r\n"
    return line.encode() + more + b"\r\n"
