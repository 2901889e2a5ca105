"""Reading streams."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import contextmanager
from functools import partial
from operator import index
from typing import Any, Final

from outlast._api.chunks import form_of
from outlast._api.writable import INTERNAL, checked_name
from outlast._runtime.outages import through_outages
from outlast._runtime.runtime import Runtime
from outlast.errors import RunNotFoundError
from outlast.records import Rewind, StreamInfo
from outlast.world import Chunk, StreamPage, StreamRead, StreamState


async def read_stream(
    runtime: Runtime,
    request: StreamRead,
    read: Callable[[Chunk], Any],
    *,
    markers: bool = False,
    follow: bool = True,
) -> AsyncGenerator[Any]:
    """What is read of the chunks of a stream, as they come, until it is over; see `Run.stream`."""
    run_id, name, at, epoch = request.run_id, request.name, request.start, request.epoch
    until: int | None = None
    with runtime.followers.following(run_id) as changes, _traced(runtime, run_id, name) as passed:
        while True:
            changes.begin()
            request = StreamRead(run_id=run_id, name=name, start=at, epoch=epoch)
            ask = partial(_read, runtime, request)
            page = await (through_outages(runtime.clock, ask) if follow else ask())
            epoch = page.epoch
            if markers and page.rewound_to is not None and page.rewound_to < at:
                at = page.rewound_to
                yield Rewind(to_index=at)
                continue
            if until is None:
                until = page.tail
            at = page.start
            for chunk in page.chunks:
                at += 1
                passed.chunks += 1
                yield read(chunk)
            if not follow and at >= until:
                return
            if at >= page.tail:
                if page.over:
                    return
                await changes.next()


def stream_forms(
    runtime: Runtime, run_id: str, name: str, start: int, *, follow: bool
) -> AsyncIterator[Any]:
    """The same as the JSON of the codec, for tools: no class needs to be known."""
    request = StreamRead(run_id=run_id, name=checked_name(name), start=start)
    return read_stream(runtime, request, partial(form_of, codec=runtime.codec), follow=follow)


async def stream_infos(runtime: Runtime, run_id: str) -> list[StreamInfo]:
    """The streams that a run has, by name."""
    states = await runtime.world.streams.states(run_id)
    if states is None:
        raise RunNotFoundError(run_id)
    return [_info(state) for state in states if not state.name.startswith(INTERNAL)]


async def stream_info(runtime: Runtime, run_id: str, name: str) -> StreamInfo:
    """Where a stream stands, also one that nobody has written to."""
    for info in await stream_infos(runtime, run_id):
        if info.name == name:
            return info
    page = await _read(runtime, StreamRead(run_id=run_id, name=name, start=0))
    return _info(StreamState(name=name, chunks=0, bytes=0, over=page.over))


_FAR: Final = 2**53


def start_within(start: int) -> int:
    """The same index, or one that no stream has either and that every world can look for. Raises `TypeError`
    for what is no whole number."""
    return max(-_FAR, min(index(start), _FAR))


class _Passed:
    """How much was passed on to a reader."""

    chunks = 0


@contextmanager
def _traced(runtime: Runtime, run_id: str, name: str) -> Generator[_Passed]:
    """Tell the tracer of the reading, when it is over."""
    passed, began = _Passed(), runtime.clock.now()
    try:
        yield passed
    finally:
        if (tracer := runtime.observers.tracer) is not None:
            tracer.stream_read(run_id, name, passed.chunks, began)


async def _read(runtime: Runtime, request: StreamRead) -> StreamPage:
    page = await runtime.stream_reads.read(request)
    if page is None:
        raise RunNotFoundError(request.run_id)
    return page


def _info(state: StreamState) -> StreamInfo:
    return StreamInfo(name=state.name, tail=state.chunks - 1, closed=state.over, bytes=state.bytes)
