"""`RemoteApp`: what an `App` offers to those who look and act, over the HTTP API of another process."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, Unpack

import httpx
import msgspec
from pydantic_core import PydanticSerializationError, to_json

from outlast import Call
from outlast._api.listing import RunFilters, several
from outlast._api.runs import checked_run_id
from outlast._api.settings import setting
from outlast._api.starting import StartKeywords, start_options
from outlast._api.tokens import checked_text
from outlast.errors import EncodeError, RequestError
from outlast.http.asking import Api, attribute_text, path_part
from outlast.http.bodies import StartBody, Workers, Workflows
from outlast.http.hooks import ResumeBody, Resumed, TokenBody
from outlast.http.remote_run import RemoteRun
from outlast.records import (
    HookInfo,
    HookPage,
    HookSort,
    Overview,
    RunInfo,
    RunPage,
    WorkerInfo,
    WorkflowInfo,
    WorkflowStats,
)


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
        return await self._api.get(f"/workflows/{path_part(name)}/stats", WorkflowStats)

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


def _plain(value: Any, what: str) -> msgspec.Raw:
    """The JSON that pydantic makes of a value, as `resume` does on the spot. Raises `EncodeError`."""
    try:
        return msgspec.Raw(to_json(value, inf_nan_mode="strings"))
    except (PydanticSerializationError, ValueError) as error:
        reason = f"and has no form in JSON: {error}"
        raise EncodeError("$", type(value).__name__, reason, what=what) from None


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
