"""The operations on streams: server-sent events, lines of JSON, and bytes."""

from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from outlast._api.stream_pages import stream_pages
from outlast.errors import RequestError
from outlast.http.bodies import Streams
from outlast.http.feeds import EVENTS, Feed, event
from outlast.http.operations import Asked, Operation
from outlast.http.runs import run_of
from outlast.world import Chunk, StreamPage

LINES: Final = "application/x-ndjson"
BYTES: Final = "application/octet-stream"
_MEDIA: Final = {"sse": EVENTS, "ndjson": LINES, "bytes": BYTES}

Pages: TypeAlias = AsyncGenerator[StreamPage]


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a stream is meant, and in which form."""

    start: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] = 0
    """The index of the first chunk; below 0: from the end as it is now."""
    after: Annotated[str, msgspec.Meta(pattern=r"^-?\d{1,15}\.\d{1,15}$")] | None = None
    """The id of the last chunk that was got before, for those who cannot send Last-Event-ID."""
    follow: bool = True
    """Whether to wait for what is still to come."""
    format: Literal["sse", "ndjson", "bytes"] | None = None
    """By default what the Accept header says, and then server-sent events."""


class Place(msgspec.Struct, frozen=True):
    """The chunk that a reader has got last. The epoch tells what was taken back since."""

    index: int
    epoch: int

    def __str__(self) -> str:
        return f"{self.index}.{self.epoch}"


async def list_streams(asked: Asked) -> Streams:
    """By name."""
    return Streams(streams=tuple(await run_of(asked).streams()))


async def read_stream(asked: Asked) -> Feed:
    """From an index on, or after the chunk that was got last; taken back is told, so nothing counts twice."""
    query: StreamQuery = asked.query
    run = run_of(asked)
    place = _place(asked.request.headers.get("last-event-id") or query.after)
    start, epoch = (place.index + 1, place.epoch) if place else (query.start, None)
    pages = stream_pages(
        asked.app, run.id, asked.text("name"), start, epoch=epoch, follow=query.follow
    )
    try:
        first = await anext(pages)  # before the answer begins: it raises if there is no such run
    except ValueError as error:
        raise RequestError(str(error), status=404) from error
    media = _MEDIA[query.format] if query.format else _accepted(asked)
    at = first.start if place is None else start
    forms = {EVENTS: _events, LINES: _lines, BYTES: _bytes}
    frames = forms[media](_again(first, pages), at)
    return Feed(frames, asked.readers, media=media, says_end=media != BYTES)


async def _again(first: StreamPage, pages: Pages) -> Pages:
    try:
        yield first
        async for page in pages:
            yield page
    finally:
        await pages.aclose()


async def _events(pages: Pages, at: int) -> AsyncGenerator[bytes]:
    """First the place, without data: who is cut off before the first chunk comes back to it, not to a `start` that
    counts from an end which has moved since. A rewind has its place with it: an id of its epoch that came before it
    would say that it is known."""
    tail, placed = 0, False
    async for page in pages:
        if page.start < at:
            place = Place(page.start - 1, page.epoch)
            yield event(b'{"to_index":%d}' % page.start, name="rewind", id=str(place))
        elif not placed:
            yield b"id: %s\n\n" % str(Place(page.start - 1, page.epoch)).encode()
        placed = True
        for frame in _FRAMES.of(page):
            yield frame
        at, tail = page.start + len(page.chunks), page.tail
    yield event(b'{"tail":%d}' % (tail - 1), name="end")


class _Frames:
    """The events of pages. Those of the last few short ones are kept: all readers of a stream get the same page."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[StreamPage, bytes]] = {}
        """By the page's identity, so the page is kept, too."""

    def of(self, page: StreamPage) -> Iterator[bytes]:
        """In frames that are not too long."""
        if len(page.chunks) > _GROUP or sum([len(chunk.data) for chunk in page.chunks]) > _SHORT:
            return (_frame(page, batch) for batch in _batches(page))
        kept = self._kept.get(id(page))
        if kept is None:
            if len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            frame = b"".join([_frame(page, batch) for batch in _batches(page)])
            kept = self._kept[id(page)] = page, frame
        return iter((kept[1],) if page.chunks else ())


_FRAMES: Final = _Frames()
_KEPT: Final = 64
_SHORT: Final = 65_536
"""Bytes of chunks."""


def _frame(page: StreamPage, batch: list[tuple[int, Chunk]]) -> bytes:
    return b"".join(
        [
            event(_json(chunk), name="bytes" if chunk.raw else None, id=f"{index}.{page.epoch}")
            for index, chunk in batch
        ]
    )


async def _lines(pages: Pages, at: int) -> AsyncGenerator[bytes]:
    tail = 0
    async for page in pages:
        if page.start < at:
            yield b'{"rewind":%d}\n' % page.start
        for batch in _batches(page):
            yield b"".join(
                b'{"id":"%d.%d","%s":%s}\n'
                % (index, page.epoch, b"bytes" if chunk.raw else b"value", _json(chunk))
                for index, chunk in batch
            )
        at, tail = page.start + len(page.chunks), page.tail
    yield b'{"end":true,"tail":%d}\n' % (tail - 1)


async def _bytes(pages: Pages, at: int) -> AsyncGenerator[bytes]:
    """Bytes as they are, other values as lines of JSON. There is no way to take something back: then the connection is
    broken, which tells the reader to begin anew."""
    async for page in pages:
        if page.start < at:
            raise RequestError("a part of this stream was taken back; read it anew", status=409)
        if page.chunks:
            yield b"".join(chunk.data if chunk.raw else chunk.data + b"\n" for chunk in page.chunks)
        at = page.start + len(page.chunks)


def _batches(page: StreamPage) -> list[list[tuple[int, Chunk]]]:
    """The chunks by index, in groups that are sent as one: a page may be long, and others wait meanwhile."""
    chunks = list(enumerate(page.chunks, page.start))
    return [chunks[at : at + _GROUP] for at in range(0, len(chunks), _GROUP)]


_GROUP: Final = 500


def _json(chunk: Chunk) -> bytes:
    """A payload is JSON without line breaks; bytes become a text in base 64."""
    return b'"%s"' % b64encode(chunk.data) if chunk.raw else chunk.data


def _place(text: str | None) -> Place | None:
    if not text:
        return None
    index, dot, epoch = text.strip().partition(".")
    if not dot or not _is_number(index.removeprefix("-")) or not _is_number(epoch):
        raise RequestError("Last-Event-ID: it must be the id of a chunk, such as 17.0")
    return Place(max(-1, int(index)), int(epoch))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15


def _accepted(asked: Asked) -> str:
    wanted = asked.request.headers.get("accept", "")
    return next((media for media in (EVENTS, LINES, BYTES) if media in wanted), EVENTS)


OPERATIONS: Final = (
    Operation(
        id="listStreams",
        summary="The streams of a run",
        method="GET",
        path="/runs/{run_id}/streams",
        run=list_streams,
        result=Streams,
        errors=(404,),
    ),
    Operation(
        id="readStream",
        summary="A stream of a run, from its beginning or after Last-Event-ID, until it is over",
        method="GET",
        path="/runs/{run_id}/streams/{name:path}",
        run=read_stream,
        query=StreamQuery,
        result=None,
        media=(EVENTS, LINES, BYTES),
        errors=(404,),
    ),
)
