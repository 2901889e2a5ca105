"""What commands look at and act on: an app on a world, or one behind an HTTP API."""

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar, Unpack

from outlast import Call, RunStatus
from outlast._api.listing import RunFilters
from outlast._api.starting import StartKeywords
from outlast.records import (
    EventRecord,
    HookPage,
    RunInfo,
    RunPage,
    StepRecord,
    StreamInfo,
    WorkerInfo,
)


class OperatedRun(Protocol):
    """A run, as `outlast.Run` and `outlast.http.RemoteRun` have it."""

    @property
    def id(self) -> str: ...

    async def info(self) -> RunInfo: ...

    async def status(self) -> RunStatus: ...

    async def events(self, start: int = 0) -> list[EventRecord]: ...

    async def steps(self) -> list[StepRecord]: ...

    def follow(self, start: int = 0) -> AsyncIterator[EventRecord]: ...

    async def cancel(self, reason: str | None = None) -> bool: ...

    async def wake(self) -> bool: ...

    async def streams(self) -> list[StreamInfo]: ...

    async def stream_info(self, name: str = ...) -> StreamInfo: ...


AnyRun = TypeVar("AnyRun", bound=OperatedRun)
AnyRun_co = TypeVar("AnyRun_co", bound=OperatedRun, covariant=True)


class OperatedApp(Protocol[AnyRun_co]):
    """An open app, as `outlast.App` and `outlast.http.RemoteApp` have it."""

    @property
    def url(self) -> str: ...

    def get_run(self, run_id: str) -> AnyRun_co: ...

    async def start(self, call: Call[Any], /, **options: Unpack[StartKeywords]) -> AnyRun_co: ...

    async def list_runs(self, **filters: Unpack[RunFilters]) -> RunPage: ...

    async def workers(self) -> tuple[WorkerInfo, ...]: ...

    async def list_hooks(
        self, run_id: str | None = None, *, limit: int = 100, cursor: str | None = None
    ) -> HookPage: ...

    async def resume(self, token: str, payload: Any = None, *, key: str | None = None) -> str: ...

    async def notice_deaths(self) -> int: ...
