"""A run as the world keeps it: one row beside its log."""

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from outlast._clock import Micros

AttributeValue: TypeAlias = str | int | float | bool | None
Attributes: TypeAlias = dict[str, AttributeValue]


class RunStatus(StrEnum):
    """Where a run stands. What leads where is in docs/explanation/state-machine.md."""

    PENDING = "pending"
    """Created, and not yet taken by a worker."""
    RUNNING = "running"
    """Taken by a worker, which holds a lease on it."""
    SUSPENDED = "suspended"
    """Nothing runs; it waits for a time, a child or the outside, and no worker holds it."""
    BLOCKED = "blocked"
    """Its code does not fit its log; it stays as it is until it is woken."""
    COMPLETED = "completed"
    """Ended with a result."""
    FAILED = "failed"
    """Ended with an error."""
    CANCELLED = "cancelled"
    """Ended because it was cancelled."""


TERMINAL: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})
"""The statuses that a run never leaves."""


class Parent(msgspec.Struct, frozen=True, gc=False):
    """The run and the place in it that started a child."""

    run_id: str
    ref: str
    """The id of the `StartChild` command in the parent."""
    detached: bool = False
    """Whether the parent does not wait for the child: then it neither hears of its end nor
    cancels it."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that a run waits for. For people; no decision rests on it."""

    kind: str
    """`wait`, `step`, `child` or `hook`."""
    ref: str
    """The id of the command: `sleep#1`."""
    until: Micros | None = None
    """The deadline of a wait, or when the next attempt of a step is due."""
    on: str | None = None
    """What exactly: the child's run id, the step's name."""
    line: str | None = None
    """The line that waits: `flow.py:17`."""
    since: Micros | None = None
    """When a wait began. Steps and children have begun when the log says so."""
    queue: str | None = None
    """The queue of the workers that make a step's attempts; `None`: the worker that has the run."""

    @property
    def is_sleep(self) -> bool:
        """Whether it is a sleep, which a wake ends, and not a timeout: `2/sleep#1`."""
        return self.kind == "wait" and self.ref.rpartition("/")[2].startswith("sleep#")


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The row of a run. All that can be derived from the log is derived in the same transaction."""

    id: str
    workflow: str
    status: RunStatus
    version: str
    """The version of the code that the run started on."""
    queue: str
    priority: int
    """Runs of a higher priority are claimed first. 0 by default."""
    attributes: Attributes
    due_at: Micros | None
    """When a worker should take the run next; `None`: not before something happens to it. For a
    run that is held: when its lease ends."""
    epoch: int
    """How often the run was claimed: the fencing number of the current claim."""
    worker: str | None
    """The worker that holds the run."""
    position: int
    """How many events the log has: the position of the next one."""
    recoveries: int
    """How many claims in a row ended in a dead worker without progress."""
    created_at: Micros
    started_at: Micros | None = None
    """When a worker took it first."""
    ended_at: Micros | None = None
    parent: Parent | None = None
    idempotency_key: str | None = None
    waiting: tuple[Waiting, ...] = ()
    problem: str | None = None
    """Why the run is blocked."""
    blocked_digest: str | None = None
    """The digest of the workflow's source with which it became blocked."""
