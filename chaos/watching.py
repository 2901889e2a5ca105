"""A world whose claims are witnessed; what is planted goes through the same door.

What is neither witnessed nor planted is passed on as it is, also what the contract of worlds gets later: hence
`__getattr__`, and the one cast.
"""

from typing import Any, cast

from chaos.plants import Plant
from chaos.witness import Claimed, StepClaimed, Witness
from outlast.world import (
    Batch,
    ClaimedRun,
    ClaimedStep,
    ClaimRequest,
    Claims,
    EventLog,
    Receipt,
    StepQueue,
    StepRequest,
    World,
)


def watched(world: World, witness: Witness, plant: Plant | None = None) -> World:
    """The world as one worker sees it: what it claims is written down, and the plant, if there is one,
    spoils what it commits."""
    return cast(World, _WatchedWorld(world, witness, plant))


class _PassingOn:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _WatchedWorld(_PassingOn):
    def __init__(self, world: World, witness: Witness, plant: Plant | None) -> None:
        super().__init__(world)
        self.claims = _WatchedClaims(world.claims, witness)
        self.steps = _WatchedSteps(world.steps, witness)
        self.log: EventLog | _SpoiltLog = _SpoiltLog(world, plant) if plant else world.log


class _WatchedClaims(_PassingOn):
    def __init__(self, claims: Claims, witness: Witness) -> None:
        super().__init__(claims)
        self._claims, self._witness = claims, witness

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        claimed = await self._claims.claim(request)
        for one in claimed:
            self._witness.note(Claimed(one.run.id, one.run.epoch, one.run.position))
        return claimed


class _WatchedSteps(_PassingOn):
    def __init__(self, steps: StepQueue, witness: Witness) -> None:
        super().__init__(steps)
        self._steps, self._witness = steps, witness

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        claimed = await self._steps.claim(request)
        for one in claimed:
            self._witness.note(StepClaimed(one.key.run_id, one.key.ref, one.epoch))
        return claimed


class _SpoiltLog(_PassingOn):
    def __init__(self, world: World, plant: Plant) -> None:
        super().__init__(world.log)
        self._world, self._plant = world, plant

    async def commit(self, batch: Batch) -> Receipt:
        return await self._world.log.commit(await self._plant(batch, self._world))
