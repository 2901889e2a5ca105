"""A world with faults: wraps any world, numbers the calls of one process, and lets them go wrong."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunRecord, RunStatus
from outlast._model.workers import WorkerRecord
from outlast.testing.door import Door
from outlast.testing.faults import Fault
from outlast.world import (
    Batch,
    Capabilities,
    ClaimedRun,
    ClaimedStep,
    ClaimRequest,
    Claims,
    EventLog,
    Happened,
    Heartbeat,
    HookPage,
    Listing,
    News,
    PruneRequest,
    Receipt,
    Retention,
    RunFilter,
    RunPage,
    StepKey,
    StepQueue,
    StepRequest,
    StoredEvent,
    StreamAnswer,
    StreamBatch,
    StreamPage,
    StreamRead,
    Streams,
    StreamState,
    World,
)


class FaultyWorld:
    """A world as one process sees it, with faults in its calls.

        world = FaultyWorld(MemoryWorld(clock), Crash(call=7))
        async with App(world=world, clock=clock) as app:
            ...
            await world.crashed.wait()
            await crash(app)

    Give each process (each app) a wrapper of its own: one that has crashed stays dead. The data is
    that of the world inside; recovery is another app on it.
    """

    def __init__(self, world: World, *faults: Fault) -> None:
        self._world = world
        self._door = Door(world.url)
        self._log = _Log(world.log, self._door)
        self._claims = _Claims(world.claims, self._door)
        self._steps = _Steps(world.steps, self._door)
        self._streams = _Streams(world.streams, self._door)
        self._listing = _Listing(world.listing, self._door)
        self._retention = _Retention(world.retention, self._door)
        self._news = _News(world.news, self._door)
        self.inject(*faults)

    def inject(self, *faults: Fault) -> None:
        """Put in more faults, which count the calls from now on.

        Raises `TypeError` or `ValueError` for one that would never strike.
        """
        for fault in faults:
            self._door.inject(fault)

    @property
    def calls(self) -> Sequence[str]:
        """The names of all calls until now, those too that did not come through."""
        return self._door.calls

    @property
    def crashed(self) -> asyncio.Event:
        """Set when a `Crash` has struck. What is left of the process is for `outlast.testing.crash`."""
        return self._door.crashed

    @property
    def stalled(self) -> asyncio.Event:
        """Set when a `Stall` has struck."""
        return self._door.stalled

    def pause(self) -> None:
        """Let no call through, until `resume`: a network that is cut, or a process that stands still."""
        self._door.shut()

    def resume(self) -> None:
        """Let through the calls that wait, and those that follow."""
        self._door.open()

    @property
    def url(self) -> str:
        """That of the world inside."""
        return self._world.url

    @property
    def capabilities(self) -> Capabilities:
        """Those of the world inside."""
        return self._world.capabilities

    @property
    def log(self) -> EventLog:
        """The event logs of all runs."""
        return self._log

    @property
    def claims(self) -> Claims:
        """The workers, and the runs that they hold."""
        return self._claims

    @property
    def steps(self) -> StepQueue:
        """The queue of dispatched steps."""
        return self._steps

    @property
    def streams(self) -> Streams:
        """The streams of all runs."""
        return self._streams

    @property
    def listing(self) -> Listing:
        """Runs, workers and manifests, for reading."""
        return self._listing

    @property
    def retention(self) -> Retention:
        """Deletes runs that have ended."""
        return self._retention

    @property
    def news(self) -> News:
        """News of what others write."""
        return self._news

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["FaultyWorld"]:
        """Open the world inside."""
        async with self._world.opened():
            yield self


class _Log:
    def __init__(self, log: EventLog, door: Door) -> None:
        self._log, self._door = log, door

    async def commit(self, batch: Batch) -> Receipt:
        again = Batch(appends=batch.appends, settles=batch.settles, deliveries=batch.deliveries)
        return await self._door.call(
            "commit", lambda: self._log.commit(batch), lambda: self._log.commit(again)
        )

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        return await self._door.call(
            "read", lambda: self._log.read(run_id, after=after, limit=limit)
        )


class _Claims:
    def __init__(self, claims: Claims, door: Door) -> None:
        self._claims, self._door = claims, door

    async def register(self, worker: WorkerRecord) -> None:
        await self._door.call("register", lambda: self._claims.register(worker))

    async def unregister(self, worker_id: str) -> None:
        await self._door.call("unregister", lambda: self._claims.unregister(worker_id))

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        return await self._door.call("claim", lambda: self._claims.claim(request))

    async def renew(self, heartbeat: Heartbeat) -> None:
        await self._door.call("renew", lambda: self._claims.renew(heartbeat))

    async def reap(self) -> int:
        return await self._door.call("reap", self._claims.reap)

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        return await self._door.call("next_due", lambda: self._claims.next_due(workflows, queues))

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        return await self._door.call("nudged", lambda: self._claims.nudged(worker_id))

    async def unblock(self, digests: Mapping[str, str]) -> int:
        return await self._door.call("unblock", lambda: self._claims.unblock(digests))


class _Steps:
    def __init__(self, steps: StepQueue, door: Door) -> None:
        self._steps, self._door = steps, door

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        return await self._door.call("claim_steps", lambda: self._steps.claim(request))

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        return await self._door.call("next_step_due", lambda: self._steps.next_due(steps, queues))

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        return await self._door.call("held_steps", lambda: self._steps.held(worker_id))


class _Streams:
    def __init__(self, streams: Streams, door: Door) -> None:
        self._streams, self._door = streams, door

    async def write(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        def write() -> Awaitable[tuple[StreamAnswer, ...]]:
            return self._streams.write(batch)

        return await self._door.call("write_streams", write, write)

    async def read(self, request: StreamRead) -> StreamPage | None:
        return await self._door.call("read_stream", lambda: self._streams.read(request))

    async def states(self, run_id: str) -> tuple[StreamState, ...] | None:
        return await self._door.call("stream_states", lambda: self._streams.states(run_id))


class _Listing:
    def __init__(self, listing: Listing, door: Door) -> None:
        self._listing, self._door = listing, door

    async def get(self, run_id: str) -> RunRecord | None:
        return await self._door.call("get", lambda: self._listing.get(run_id))

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        return await self._door.call(
            "find", lambda: self._listing.find(run_filter, limit=limit, cursor=cursor)
        )

    async def counts(self, *, most: int) -> Mapping[RunStatus, int]:
        return await self._door.call("counts", lambda: self._listing.counts(most=most))

    async def series(self, edges: Sequence[Micros], *, most: int) -> tuple[Happened, ...]:
        return await self._door.call("series", lambda: self._listing.series(edges, most=most))

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        return await self._door.call("ended", lambda: self._listing.ended(run_ids))

    async def hook(self, token: str) -> HookRecord | None:
        return await self._door.call("hook", lambda: self._listing.hook(token))

    async def hooks(
        self,
        run_id: str | None = None,
        *,
        limit: int,
        cursor: str | None = None,
        oldest_first: bool = False,
    ) -> HookPage:
        return await self._door.call(
            "hooks",
            lambda: self._listing.hooks(
                run_id, limit=limit, cursor=cursor, oldest_first=oldest_first
            ),
        )

    async def workers(self) -> tuple[WorkerRecord, ...]:
        return await self._door.call("workers", self._listing.workers)

    async def save_manifest(
        self, version: str, at: Micros, data: bytes, *, over: bytes | None = None
    ) -> bool:
        return await self._door.call(
            "save_manifest",
            lambda: self._listing.save_manifest(version, at, data, over=over),
        )

    async def manifest(self, version: str) -> bytes | None:
        return await self._door.call("manifest", lambda: self._listing.manifest(version))


class _Retention:
    def __init__(self, retention: Retention, door: Door) -> None:
        self._retention, self._door = retention, door

    async def prune(self, request: PruneRequest) -> int:
        return await self._door.call("prune", lambda: self._retention.prune(request))


class _News:
    def __init__(self, news: News, door: Door) -> None:
        self._news, self._door = news, door

    def mark(self) -> int:
        return self._news.mark()

    async def changed(self, mark: int) -> int:
        mark = await self._news.changed(mark)
        while self._door.loses_news():
            mark = await self._news.changed(mark)
        return mark
