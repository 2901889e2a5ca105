"""Taking runs and dispatched steps, holding them, and noticing workers that died."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes
from outlast._model.workers import WorkerRecord
from outlast.world.batch import Claim, ClaimedRun, ClaimRequest


class StepKey(msgspec.Struct, frozen=True, gc=False):
    """Which dispatched step: the run and its `RunStep` command."""

    run_id: str
    ref: str


class StepRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker of steps has room for."""

    claim: Claim
    steps: frozenset[str]
    """The names of the steps it knows. Others are left alone."""
    queues: tuple[str, ...]
    limit: int


class ClaimedStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A dispatched step that now is the worker's."""

    key: StepKey
    name: str
    epoch: int
    """How often it was claimed: the fencing number of this claim."""
    attempt: int
    recoveries: int
    """How many claims in a row ended in a dead worker; 0 again after an `Again`."""
    workflow: str
    """The workflow of its run."""
    attributes: Attributes
    """Those of its run, at the time of the claim."""
    data: bytes


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker that is alive goes on to hold."""

    claim: Claim
    runs: tuple[str, ...]
    """The ids of the runs that it has in memory or is about to."""
    steps: tuple[StepKey, ...] = ()
    """The dispatched steps that it works on."""
    attempts: int = 0
    """How many attempts it is making, of steps of its own runs and of dispatched ones. For people."""


class Claims(Protocol):
    """Taking runs, holding them, and noticing workers that died."""

    async def register(self, worker: WorkerRecord) -> None:
        """Make the worker known, or replace its record. Must come before its first claim.

        Where the world `notices_death`, the worker is alive as long as this world object is open.
        """
        ...

    async def unregister(self, worker_id: str) -> None:
        """Forget a worker that has stopped; runs and steps it still holds are released. Idempotent."""
        ...

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        """Take due runs: the highest priority first, then the one that has been due longest, then
        the one that was created first.

        One transaction. Each claim raises the run's epoch. A run that was still held (its lease
        had ended, or its owner was found dead) counts one more recovery.
        """
        ...

    async def renew(self, heartbeat: Heartbeat) -> None:
        """Extend the leases of what the worker still holds of its runs and steps, and note its
        heartbeat and its load. What it holds and does not name is left to its lease's end."""
        ...

    async def reap(self) -> int:
        """Make due the runs and steps that dead workers hold. Gives the number of workers found dead.

        Where the world `notices_death`, workers of this host are checked for real; otherwise it
        does nothing and leases decide.
        """
        ...

    async def next_due(self, workflows: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """When the next run becomes due that such a worker could claim; may be in the past.

        That includes runs that are held, its own among them: they are due when their leases end.
        """
        ...

    async def nudged(self, worker_id: str) -> tuple[str, ...]:
        """The runs of this worker to whose logs others have added since the owner's last advance,
        in the order of their ids."""
        ...

    async def unblock(self, digests: Mapping[str, str]) -> int:
        """Make due the blocked runs of these workflows whose `blocked_digest` is another than the one beside the name.

        Gives how many; those that were due already are not among them.
        """
        ...


class StepQueue(Protocol):
    """Dispatched steps: of any run, for workers that serve their queue."""

    async def claim(self, request: StepRequest) -> tuple[ClaimedStep, ...]:
        """Take due steps: the highest priority first, then the one that has been due longest, then
        the one that was dispatched first.

        One transaction. Each claim raises the step's epoch. A step that was still held counts one
        more recovery.
        """
        ...

    async def next_due(self, steps: frozenset[str], queues: tuple[str, ...]) -> Micros | None:
        """When the next step becomes due that such a worker could claim; may be in the past. That
        includes steps that are held: they are due when their leases end."""
        ...

    async def held(self, worker_id: str) -> frozenset[StepKey]:
        """What the worker holds. A step that it works on and that is not here was withdrawn."""
        ...
