"""A world under check, with short words for what is done to it all the time."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from outlast._clock import SECOND, Clock, Micros
from outlast._model.runs import Attributes, RunRecord
from outlast._model.workers import WorkerRecord
from outlast.testing.conformance.clock import SettableClock
from outlast.testing.conformance.expecting import fail, present
from outlast.world import (
    Advance,
    Advanced,
    Append,
    Appended,
    Batch,
    Claim,
    ClaimedRun,
    ClaimedStep,
    ClaimRequest,
    Created,
    Dispatch,
    EventDraft,
    Heartbeat,
    Keep,
    Progress,
    Receipt,
    RunDraft,
    Settle,
    Settled,
    StepKey,
    StepRequest,
    Then,
    World,
)

LEASE: Micros = 30 * SECOND

KEEP = Keep()


def fact(kind: str, data: str = "{}") -> EventDraft:
    """An event to write."""
    return EventDraft(kind, data.encode())


def facts(*kinds: str) -> tuple[EventDraft, ...]:
    """Events to write."""
    return tuple([fact(kind) for kind in kinds])


def draft(run_id: str, **fields: Any) -> RunDraft:
    """A run to create, of workflow `flow`, on the queue `default`."""
    given: dict[str, Any] = {
        "workflow": "flow",
        "version": "1",
        "queue": "default",
        "priority": 0,
        "attributes": {},
        "delay": 0,
        "created": fact("run_created"),
    }
    return RunDraft(id=run_id, **{**given, **fields})


def held(run_id: str, worker: str = "worker", **fields: Any) -> RunDraft:
    """A run to create as already claimed: its epoch is 1, and its owner has seen 1 event."""
    return draft(run_id, claim=Claim(worker, LEASE), **fields)


def advance(
    run_id: str, *kinds: str, seen: int = 1, epoch: int = 1, then: Then = KEEP, **fields: Any
) -> Advance:
    """What the owner of a run writes."""
    return Advance(run_id=run_id, epoch=epoch, seen=seen, events=facts(*kinds), then=then, **fields)


def append(run_id: str, *kinds: str, attributes: Attributes | None = None) -> Append:
    """What somebody else writes."""
    return Append(run_id=run_id, events=facts(*kinds), attributes=attributes)


def dispatch(ref: str, **fields: Any) -> Dispatch:
    """A step for another worker: named `work`, on the queue `default`, its first attempt."""
    given: dict[str, Any] = {
        "name": "work",
        "queue": "default",
        "priority": 0,
        "attempt": 1,
        "data": b"{}",
    }
    return Dispatch(ref=ref, **{**given, **fields})


def settle(
    run_id: str, ref: str, *kinds: str, then: Progress, epoch: int = 1, **fields: Any
) -> Settle:
    """What the worker of a step writes."""
    return Settle(run_id=run_id, ref=ref, epoch=epoch, events=facts(*kinds), then=then, **fields)


def heartbeat(
    worker: str, *runs: str, steps: tuple[StepKey, ...] = (), attempts: int = 0
) -> Heartbeat:
    """What a worker goes on to hold."""
    return Heartbeat(claim=Claim(worker, LEASE), runs=runs, steps=steps, attempts=attempts)


class Scene:
    """One open world and its clock."""

    def __init__(
        self, world: World, clock: SettableClock, factory: Callable[[Clock], World]
    ) -> None:
        self.world = world
        self.clock = clock
        self._factory = factory

    @asynccontextmanager
    async def another(self) -> AsyncGenerator["Scene"]:
        """The same storage seen through another world object, as by another process."""
        world = self._factory(self.clock)
        async with world.opened():
            yield Scene(world, self.clock, self._factory)

    async def commit(self, *parts: RunDraft | Advance | Append | Settle) -> Receipt:
        """Write all the parts in one batch."""
        return await self.world.log.commit(
            Batch(
                creates=tuple([part for part in parts if isinstance(part, RunDraft)]),
                advances=tuple([part for part in parts if isinstance(part, Advance)]),
                appends=tuple([part for part in parts if isinstance(part, Append)]),
                settles=tuple([part for part in parts if isinstance(part, Settle)]),
            )
        )

    async def create(self, wish: RunDraft) -> Created:
        """Create one run."""
        return (await self.commit(wish)).created[0]

    async def advance(self, run_id: str, *kinds: str, **fields: Any) -> Advanced:
        """Advance one run."""
        return (await self.commit(advance(run_id, *kinds, **fields))).advanced[0]

    async def append(
        self, run_id: str, *kinds: str, attributes: Attributes | None = None
    ) -> Appended:
        """Append to one run."""
        return (await self.commit(append(run_id, *kinds, attributes=attributes))).appended[0]

    async def dispatch(self, run_id: str, *steps: Dispatch, **fields: Any) -> Advanced:
        """Put steps of a run into the queue."""
        return await self.advance(run_id, dispatches=steps, **fields)

    async def settle(self, run_id: str, ref: str, *kinds: str, **fields: Any) -> Settled:
        """Say what became of one step."""
        return (await self.commit(settle(run_id, ref, *kinds, **fields))).settled[0]

    async def claim(
        self,
        worker: str = "worker",
        *,
        workflows: tuple[str, ...] = ("flow",),
        queues: tuple[str, ...] = ("default",),
        limit: int = 100,
    ) -> tuple[ClaimedRun, ...]:
        """Claim what is due."""
        return await self.world.claims.claim(
            ClaimRequest(
                claim=Claim(worker, LEASE),
                workflows=frozenset(workflows),
                queues=queues,
                limit=limit,
            )
        )

    async def claimed_ids(self, worker: str = "worker", **fields: Any) -> list[str]:
        """Claim what is due; gives the ids."""
        return [claimed.run.id for claimed in await self.claim(worker, **fields)]

    async def claim_steps(
        self,
        worker: str = "worker",
        *,
        steps: tuple[str, ...] = ("work",),
        queues: tuple[str, ...] = ("default",),
        limit: int = 100,
    ) -> tuple[ClaimedStep, ...]:
        """Claim what is due of the dispatched steps."""
        return await self.world.steps.claim(
            StepRequest(
                claim=Claim(worker, LEASE), steps=frozenset(steps), queues=queues, limit=limit
            )
        )

    async def claimed_refs(self, worker: str = "worker", **fields: Any) -> list[str]:
        """Claim what is due of the dispatched steps; gives their refs."""
        return [claimed.key.ref for claimed in await self.claim_steps(worker, **fields)]

    async def register(self, worker: str) -> WorkerRecord:
        """Make a worker known."""
        record = WorkerRecord(
            id=worker,
            host="here",
            pid=1,
            version="1",
            queues=("default",),
            started_at=self.clock.now(),
            heartbeat_at=self.clock.now(),
        )
        await self.world.claims.register(record)
        return record

    async def run(self, run_id: str) -> RunRecord:
        """The row of a run, which must be there."""
        return present(await self.world.listing.get(run_id), f"the row of {run_id!r}")

    async def kinds(self, run_id: str) -> list[str]:
        """The kinds of the events in a run's log, whose places must be dense."""
        events = await self.world.log.read(run_id)
        places = [event.position for event in events]
        if places != list(range(len(events))):
            fail(f"the places in the log of {run_id!r} are not dense: {places}")
        return [event.kind for event in events]
