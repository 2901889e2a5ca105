"""A world whose claims are witnessed; what is planted goes through the same door."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chaos.plants import Plant
from chaos.witness import Claimed, StepClaimed, Witness
from outlast._clock import Micros
from outlast._model.workers import WorkerRecord
from outlast.world import (
    Batch,
    Capabilities,
    ClaimedRun,
    ClaimedStep,
    ClaimRequest,
    Claims,
    EventLog,
    Heartbeat,
    Listing,
    News,
    Receipt,
    Retention,
    StepKey,
    StepQueue,
    StepRequest,
    StoredEvent,
    World,
)


class WatchedWorld:
    """A world as one worker sees it: it writes down what is claimed, and lets a plant spoil commits."""

    def __init__(self, world: World, witness: Witness, plant: Plant | None = None) -> None:
        self._world = world
        self._claims = _Claims(world.claims, witness)
        self._steps = _Steps(world.steps, witness)
        self._log: EventLog = world.log if plant is None else _Log(world, plant)

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
        """The logs, spoilt by the plant if there is one."""
        return self._log

    @property
    def claims(self) -> Claims:
        """Claims of runs, witnessed."""
        return self._claims

    @property
    def steps(self) -> StepQueue:
        """Claims of steps, witnessed."""
        return self._steps

    @property
    def listing(self) -> Listing:
        """That of the world inside."""
        return self._world.listing

    @property
    def retention(self) -> Retention:
        """That of the world inside."""
        return self._world.retention

    @property
    def news(self) -> News:
        """That of the world inside."""
        return self._world.news

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["WatchedWorld"]:
        """Open the world inside."""
        async with self._world.opened():
            yield self


class _Log:
    def __init__(self, world: World, plant: Plant) -> None:
        self._world, self._plant = world, plant

    async def commit(self, batch: Batch) -> Receipt:
        return await self._world.log.commit(await self._plant(batch, self._world))

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        return await self._world.log.read(run_id, after=after, limit=limit)


class _Claims:
    def __init__(self, claims: Claims, witness: Witness) -> None:
        self._claims, self._witness = claims, witness

    async def register(self, worker: WorkerRecord) -> None:
        await self._claims.register(worker)

    async def unregister(self, worker_id: str) -> None:
        await self._claims.unregister(worker_id)

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        claimed = await self._claims.claim(request)
        for one in claimed:
            self._witness.note(Claimed(one.run.id, one.run.epoch, one.run.position))
        return claimed

    async def renew(self, heartbeat: Heartbeat) -> None:
        await self._claims.renew(heartbeat)

    async def reap(self) -> int:
        return await self._claims.reap()

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        return await self._claims.next_due(workflows, queues)

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        return await self._claims.nudged(worker_id)

    async def unblock(self, workflow: str, digest: str) -> int:
        return await self._claims.unblock(workflow, digest)


class _Steps:
    def __init__(self, steps: StepQueue, witness: Witness) -> None:
        self._steps, self._witness = steps, witness

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        claimed = await self._steps.claim(request)
        for one in claimed:
            self._witness.note(StepClaimed(one.key.run_id, one.key.ref, one.epoch))
        return claimed

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        return await self._steps.next_due(steps, queues)

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        return await self._steps.held(worker_id)
