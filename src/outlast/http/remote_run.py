"""`RemoteRun`: what a `Run` offers, over the HTTP API of another process."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final

import msgspec

from outlast import RunStatus
from outlast._api.chunks import form_of, type_name, value_of
from outlast._api.results import is_settled, result_of_record, seconds_to_wait
from outlast._api.streaming import start_within
from outlast._api.writable import checked_name
from outlast._clock import pause
from outlast._codec import Codec
from outlast.http.asking import Api, path_part
from outlast.http.bodies import CancelBody, Done, Events, RerunBody, Steps, Streams
from outlast.http.following import Message
from outlast.records import (
    EventRecord,
    Rewind,
    RunInfo,
    RunSource,
    RunTree,
    StepRecord,
    StreamInfo,
)
from outlast.world import Chunk

_CODEC: Final = Codec()
_TRIED_AGAIN: Final = 0.5
"""Seconds between two looks at a blocked run that a worker is about to try again."""


class RemoteRun:
    """A run of a `RemoteApp`. Its methods are those of `Run`, and raise the same errors."""

    def __init__(self, run_id: str, api: Api) -> None:
        self.id = run_id
        """The run's id."""
        self._api = api
        self._path = f"/runs/{path_part(run_id)}"

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    async def info(self) -> RunInfo:
        """The run as it stands."""
        return await self._api.get(self._path, RunInfo)

    async def status(self) -> RunStatus:
        """Where it stands."""
        return (await self.info()).status

    async def result(self, timeout: float | str | timedelta | None = None) -> Any:  # noqa: ASYNC109 - as in `Run.result`
        """Wait until the run is over, and give its result; see `Run.result`. `timeout` is of real time.

        An error whose class this process does not have is told in words, as in the process of another program.
        """
        limit = seconds_to_wait(timeout)
        info = await self.info()
        if not is_settled(info):
            try:
                async with asyncio.timeout(limit):
                    info = await self._settled(info)
            except TimeoutError:
                message = f"run {self.id!r} was not over within {limit:g} s; it goes on"
                raise TimeoutError(message) from None
        last = await self.events(info.events - 1)
        return result_of_record(info, last[0], _CODEC)

    async def _settled(self, info: RunInfo) -> RunInfo:
        while not is_settled(info):
            if info.status is RunStatus.BLOCKED:  # a worker takes it soon; its feed is at the end
                await pause(_TRIED_AGAIN)
            path, query = f"{self._path}/feed", {"start": info.events}
            async with aclosing(self._api.feed(path, query)) as messages:
                async for message in messages:
                    if message.name == "end":
                        info = msgspec.json.decode(message.data or b"", type=RunInfo)
        return info

    async def events(self, start: int = 0) -> list[EventRecord]:
        """The events of its log from position `start` on, in order."""
        return list((await self._api.get(f"{self._path}/events", Events, {"start": start})).events)

    async def steps(self) -> list[StepRecord]:
        """Its steps with their attempts."""
        return list((await self._api.get(f"{self._path}/steps", Steps)).steps)

    async def follow(self, start: int = 0) -> AsyncGenerator[EventRecord]:
        """The events from position `start` on as they are committed, until the run is over."""
        async with aclosing(self._api.feed(f"{self._path}/feed", {"start": start})) as messages:
            async for message in messages:
                if not message.name:
                    yield msgspec.json.decode(message.data or b"", type=EventRecord)

    async def cancel(self, reason: str | None = None) -> bool:
        """Ask for the run to be cancelled; durable on return. False if it is over already."""
        body = CancelBody(reason=reason)
        return (await self._api.post(f"{self._path}/cancel", Done, body)).done

    async def wake(self) -> bool:
        """End the sleeps that it is in, now. Durable on return. False if it is over."""
        return (await self._api.post(f"{self._path}/wake", Done, {})).done

    async def rerun(self, *, run_id: str | None = None) -> "RemoteRun":
        """Start a run with the same input, attributes, queue and priority. Durable on return."""
        body = RerunBody(run_id=run_id)
        new = await self._api.post(f"{self._path}/rerun", RunInfo, body)
        return RemoteRun(new.id, self._api)

    async def tree(self) -> RunTree:
        """It with its parents and children."""
        return await self._api.get(f"{self._path}/tree", RunTree)

    async def source(self) -> RunSource:
        """The source of its workflow as it was when it started. Raises `RequestError` if nobody has kept it."""
        return await self._api.get(f"{self._path}/source", RunSource)

    async def streams(self) -> list[StreamInfo]:
        """The streams that it has, by name."""
        return list((await self._api.get(f"{self._path}/streams", Streams)).streams)

    async def stream_info(self, name: str = "default") -> StreamInfo:
        """Where a stream stands, also one that nobody has written to yet."""
        info = await self.info()
        found = (one for one in await self.streams() if one.name == checked_name(name))
        nothing = StreamInfo(name=name, tail=-1, closed=info.ended_at is not None, bytes=0)
        return next(found, nothing)

    async def stream(
        self,
        name: str = "default",
        start: int = 0,
        *,
        type: Any = None,  # noqa: A002 - as in `Run.stream`
        markers: bool = False,
        follow: bool = True,
    ) -> AsyncGenerator[Any]:
        """The values of a stream; see `Run.stream`. It goes on where it was when the connection breaks off, at
        whichever server answers then."""
        of = type_name(type)
        async with aclosing(self._chunks(name, start, markers=markers, follow=follow)) as chunks:
            async for chunk in chunks:
                yield chunk if isinstance(chunk, Rewind) else value_of(_chunk(chunk), of, _CODEC)

    async def stream_forms(self, name: str, start: int, *, follow: bool) -> AsyncGenerator[Any]:
        """The same as the JSON of the codec, for tools: no class needs to be known."""
        async with aclosing(self._chunks(name, start, markers=False, follow=follow)) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, Rewind):
                    yield form_of(_chunk(chunk), _CODEC)

    async def _chunks(
        self, name: str, start: int, *, markers: bool, follow: bool
    ) -> AsyncGenerator[Message | Rewind]:
        """Without markers, what comes in the place of what was given and then taken back is left out."""
        query = {
            "start": start_within(start),
            "follow": "true" if follow else "false",
            "format": "sse",
        }
        path = f"{self._path}/streams/{path_part(checked_name(name))}"
        given = 0
        async with aclosing(self._api.feed(path, query)) as messages:
            async for message in messages:
                match message.name:
                    case "rewind" if markers:
                        given = msgspec.json.decode(message.data or b"")["to_index"]
                        yield Rewind(to_index=given)
                    case "" | "bytes" if _index(message) >= given:
                        given = _index(message) + 1
                        yield message
                    case _:
                        pass


def _index(message: Message) -> int:
    return int((message.id or "").partition(".")[0])


def _chunk(message: Message) -> Chunk:
    data = message.data or b""
    if message.name == "bytes":
        return Chunk(b64decode(msgspec.json.decode(data, type=str)), raw=True)
    return Chunk(data)
