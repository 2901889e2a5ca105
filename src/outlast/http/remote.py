"""`RemoteApp`: what an `App` offers to those who look and act, over the HTTP API of another process."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, Unpack
from urllib.parse import quote

import httpx
import msgspec
from pydantic_core import PydanticSerializationError, to_json

from outlast import Call, RunStatus
from outlast._api.chunks import form_of, type_name, value_of
from outlast._api.hooks import checked_text
from outlast._api.listing import RunFilters, several
from outlast._api.results import is_settled, result_of_record, seconds_to_wait
from outlast._api.runs import checked_run_id
from outlast._api.settings import setting
from outlast._api.starting import StartKeywords, start_options
from outlast._api.streaming import start_within
from outlast._api.writable import checked_name
from outlast._clock import pause
from outlast._codec import Codec
from outlast.errors import EncodeError, RequestError
from outlast.http.asking import Api, attribute_text
from outlast.http.bodies import (
    CancelBody,
    Done,
    Events,
    RerunBody,
    StartBody,
    Steps,
    Streams,
    Workers,
    Workflows,
)
from outlast.http.following import Message
from outlast.http.hooks import ResumeBody, Resumed, TokenBody
from outlast.records import (
    EventRecord,
    HookInfo,
    HookPage,
    HookSort,
    Overview,
    Rewind,
    RunInfo,
    RunPage,
    RunSource,
    RunTree,
    StepRecord,
    StreamInfo,
    WorkerInfo,
    WorkflowInfo,
    WorkflowStats,
)
from outlast.world import Chunk

_TRIED_AGAIN: Final = 0.5
"""Seconds between two looks at a blocked run that a worker is about to try again."""


class RemoteRun:
    """A run of a `RemoteApp`. Its methods are those of `Run`, and raise the same errors."""

    def __init__(self, run_id: str, api: Api) -> None:
        self.id = run_id
        """The run's id."""
        self._api = api
        self._path = f"/runs/{_part(run_id)}"

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
        path = f"{self._path}/streams/{_part(checked_name(name))}"
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


class RemoteApp:
    """The app behind an HTTP API: `outlast serve`, or where `outlast.http.asgi` is mounted.

    It offers what is needed to look at runs and to act on them; it executes none. Use it with `async with`.

    Args:
        url: The URL of the API with its path: `https://runs.example/api/v1`.
        token: A bearer token; by default that in `OUTLAST_TOKEN`.
        transport: How requests are sent; over the network by default.

    Raises `WorldError` if the URL is none over HTTP, and `SettingsError` if `OUTLAST_TOKEN` can be no token. All that asks raises `WorldUnavailableError` if nobody answers, and `AccessDeniedError`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._api = Api(url, token or setting("token"), transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._api.close()

    @property
    def url(self) -> str:
        """The URL of the API, without secrets."""
        return self._api.url

    def get_run(self, run_id: str) -> RemoteRun:
        """A handle on a run. Raises `ValueError` for a text that no run can have as its id."""
        return RemoteRun(checked_run_id(run_id), self._api)

    async def start(self, call: Call[Any], /, **options: Unpack[StartKeywords]) -> RemoteRun:
        """Start a run of a workflow that the serving process has, too. The options are those of `outlast.start`.

        Raises what that raises, and `WorkflowNotFoundError`.
        """
        checked = start_options(options)
        args, kwargs = call.arguments
        call.spend()
        body = StartBody(
            workflow=call.workflow,
            args=tuple(_plain(one, "arguments") for one in args),
            kwargs={name: _plain(one, "arguments") for name, one in kwargs.items()},
            run_id=options.get("run_id"),
            idempotency_key=options.get("idempotency_key"),
            attributes=dict(options.get("attributes") or {}),
            priority=options.get("priority"),
            queue=options.get("queue"),
            delay=_delay(options.get("delay")),
            version=options.get("version"),
            token=checked.token,
            payload=msgspec.UNSET if checked.token is None else _plain(checked.payload, "payload"),
        )
        return self.get_run((await self._api.post("/runs", RunInfo, body)).id)

    async def list_runs(self, **filters: Unpack[RunFilters]) -> RunPage:
        """A page of runs, newest first; see `outlast.list_runs`."""
        return await self._api.get("/runs", RunPage, _query(filters))

    async def workers(self) -> tuple[WorkerInfo, ...]:
        """The workers that serve the world behind the API."""
        return (await self._api.get("/workers", Workers)).workers

    async def workflows(self) -> tuple[WorkflowInfo, ...]:
        """The workflows that the process behind the API or any worker has, by name."""
        return (await self._api.get("/workflows", Workflows)).workflows

    async def workflow_stats(self, name: str) -> WorkflowStats:
        """How its latest runs went."""
        return await self._api.get(f"/workflows/{_part(name)}/stats", WorkflowStats)

    async def overview(self) -> Overview:
        """How many runs there are of each status, and what became of them in the last day."""
        return await self._api.get("/overview", Overview)

    async def list_hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int = 100,
        cursor: str | None = None,
        sort: HookSort = "-created",
    ) -> HookPage:
        """A page of the live hooks of a run, or of all, newest first, or by `sort="created"` oldest first. Who sees
        it has their tokens."""
        given = {"run": run_id, "limit": limit, "cursor": cursor, "sort": sort}
        query = {name: value for name, value in given.items() if value is not None}
        return await self._api.get("/hooks", HookPage, query)

    async def get_hook(self, token: str) -> HookInfo:
        """The live hook that has the token. Raises `HookNotFoundError` if there is none."""
        return await self._api.post("/hooks/find", HookInfo, TokenBody(token=token))

    async def resume(self, token: str, payload: Any = None, *, key: str | None = None) -> str:
        """Hand a payload to a hook; see `outlast.resume`. It goes there as the JSON that pydantic makes of it."""
        if key is not None:
            checked_text(key, "key")
        body = ResumeBody(token=token, payload=_plain(payload, "payload"), key=key)
        return (await self._api.post("/hooks/resume", Resumed, body)).run_id

    async def notice_deaths(self) -> int:
        """Nothing: that is done where the world is."""
        return 0


def _query(filters: RunFilters) -> dict[str, Any]:
    attributes: Mapping[str, object] = filters.get("attributes", {})
    query: dict[str, Any] = {
        "status": [str(one) for one in several(filters.get("status", ()))],
        "workflow": list(several(filters.get("workflow", ()))),
        "version": list(several(filters.get("version", ()))),
        "attribute": [attribute_text(name, value) for name, value in attributes.items()],
        "limit": filters.get("limit", 100),
    }
    for name in ("created_from", "created_to", "parent", "text", "sort", "cursor"):
        value = filters.get(name)
        if value is not None:
            query[name] = value.isoformat() if isinstance(value, datetime) else value
    return query


def _index(message: Message) -> int:
    return int((message.id or "").partition(".")[0])


def _chunk(message: Message) -> Chunk:
    data = message.data or b""
    if message.name == "bytes":
        return Chunk(b64decode(msgspec.json.decode(data, type=str)), raw=True)
    return Chunk(data)


_CODEC: Final = Codec()


def _plain(value: Any, what: str) -> msgspec.Raw:
    """The JSON that pydantic makes of a value, as `resume` does on the spot. Raises `EncodeError`."""
    try:
        return msgspec.Raw(to_json(value, inf_nan_mode="strings"))
    except (PydanticSerializationError, ValueError) as error:
        reason = f"and has no form in JSON: {error}"
        raise EncodeError("$", type(value).__name__, reason, what=what) from None


def _part(text: str) -> str:
    """A text as a part of a path. What stands for a folder in one is written otherwise."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def _delay(delay: Any) -> str | float | None:
    match delay:
        case timedelta():
            return delay.total_seconds()
        case datetime():
            return delay.isoformat()
        case None | str() | int() | float():
            return delay
        case _:
            raise RequestError(f"{delay!r} is no delay")
