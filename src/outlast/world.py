"""The World contract: what storage, queue and log must do for the runtime.

A world keeps runs (one row each), their logs (a dense sequence of events each), workers and manifests.
It stores bytes and knows no codec. There is one way to write, `EventLog.commit`, which takes a `Batch` and is
one transaction: all of it or none. Whoever writes to a run's log gets the next place in it; the owner
of a run learns in the same call what others have put there since it last looked.

The contract is internal to Outlast and its worlds, and may change between minor releases. Every world
passes `outlast.testing.conformance`.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes, Parent, RunRecord, RunStatus, Waiting
from outlast._model.workers import WorkerRecord


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a world can do beyond the contract. A section of the conformance suite that needs what
    a world does not declare is skipped with a line that says so."""

    durable: bool
    """What was committed is there after the process, and the machine, went down."""
    shared: bool
    """Several processes can use it at once."""
    notices_death: bool
    """A worker of the same host whose process died is noticed by `reap`, without its lease
    having to end."""


class EventDraft(msgspec.Struct, frozen=True, gc=False):
    """An event on its way into a log: it has no place and no time yet."""

    kind: str
    data: bytes
    """The encoded event, UTF-8 JSON."""


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event in its place."""

    position: int
    at: Micros
    """The world's time at the commit. Never less than that of the event before it."""
    kind: str
    data: bytes


class RunDraft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run to create. Creating is idempotent: an id or key that exists already gives that run."""

    id: str
    workflow: str
    version: str
    queue: str
    priority: int
    attributes: Attributes
    delay: Micros
    """How long from now the run becomes due; 0: at once."""
    created: EventDraft
    """Its `run_created`."""
    parent: Parent | None = None
    idempotency_key: str | None = None
    claim: "Claim | None" = None
    """Create it as already claimed, by the process that creates it. Ignored if there is a delay.
    Nothing answers for the children of an `Advance`, so a claim of theirs is for who knows that
    they are new."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """Who takes a run, and for how long."""

    worker: str
    lease: Micros


class Append(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Events that somebody who does not own the run puts into its log.

    If nobody holds the run it becomes due at once, also if it was delayed or blocked, and stays due
    since earlier if it was. If somebody holds it, it is nudged instead. Nothing is written to a run
    that has ended.
    """

    run_id: str
    events: tuple[EventDraft, ...]
    attributes: Attributes | None = None
    """Attributes to merge into the run's row."""


class Keep(msgspec.Struct, frozen=True, gc=False):
    """The owner goes on."""


class Suspend(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The owner lets go because nothing runs. It takes effect only if the owner has seen the whole
    log; otherwise the owner keeps the run and gets what it has missed."""

    due_at: Micros | None
    waiting: tuple[Waiting, ...]


class Release(msgspec.Struct, frozen=True, gc=False):
    """The owner hands the run back, `pending` and due at once: it is stopping."""


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The code does not fit the log. The run stays as it is until somebody wakes it: it is not due,
    and `blocked` until it is claimed again. If the owner has not seen the whole log, it is due at once:
    what it has missed may be a wake or a cancellation."""

    problem: str
    digest: str


class End(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The run has ended; its last event is among those of this advance. It takes effect even if
    something was missed: what came in between came too late."""

    status: RunStatus
    notify: Append | None = None
    """The event for the log of the parent that waits for this run."""


Then: TypeAlias = Keep | Suspend | Release | Block | End


class Advance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the owner of a run writes. Refused, all of it, if its epoch is not the run's, or nobody
    holds the run any more (it was let go of at this epoch). Without events it is a look."""

    run_id: str
    epoch: int
    seen: int
    """How many events of the log the owner has seen."""
    events: tuple[EventDraft, ...] = ()
    then: Then = Keep()
    attributes: Attributes | None = None
    """Attributes to merge into the run's row."""
    progress: bool = False
    """Whether an outcome is among the events: it resets the count of recoveries, as a `Suspend`
    that is carried out and a `Release` do."""
    children: tuple[RunDraft, ...] = ()
    """Child runs to create. One that exists already is left alone."""


class Batch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that is written in one transaction, in this order. What comes later builds on what
    came before: a run may occur several times."""

    creates: tuple[RunDraft, ...] = ()
    advances: tuple[Advance, ...] = ()
    appends: tuple[Append, ...] = ()


class Created(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `RunDraft`."""

    run_id: str
    """The id of the run that exists now: another one's, if the idempotency key was taken."""
    new: bool
    epoch: int = 0
    """The epoch of the claim, 0 if the run was not created as claimed."""


class Advanced(msgspec.Struct, frozen=True, gc=False):
    """The answer to an `Advance`."""

    fenced: bool
    """The epoch was not the run's, or there is no such run: nothing of this advance was written, and
    the other fields mean nothing."""
    position: int = 0
    """How many events the log has now. The advance's own events are the last ones."""
    missed: tuple[StoredEvent, ...] = ()
    """What is in the log between `seen` and the advance's own events."""
    kept: bool = True
    """Whether the owner still holds the run. A `Suspend` is not carried out if anything was
    missed: then this is true."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The answer to an `Append`."""

    position: int | None
    """The position of its first event (or that of the next, if it has none); `None` if there is no
    such run, or it has ended."""
    status: RunStatus | None
    """The status of the run at that time; `None` if there is no such run."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a commit did: the answers stand in the order of what was asked."""

    at: Micros
    """The world's time at the commit. An event of the batch has this time, or that of its predecessor in
    its log if that is later: the time of a log never goes back, whatever clocks do."""
    created: tuple[Created, ...]
    advanced: tuple[Advanced, ...]
    appended: tuple[Appended, ...]
    nudged: tuple[str, ...] = ()
    """Runs, held by some worker, to which this batch has put something from outside (appends, and
    the ends of children) of which no later part of it tells their owners: they should look."""


class EventLog(Protocol):
    """Writing runs and reading their logs."""

    async def commit(self, batch: Batch) -> Receipt:
        """Write the batch as one transaction. Durable on return, where the world is.

        Raises `WorldUnavailableError` if it could not be written now, and `ValueError` for an `End`
        whose status is not terminal: then nothing of it is written. A caller that is cancelled
        does not know whether all of it was or nothing.
        """
        ...

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on, in order; empty for an unknown run."""
        ...


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has room for."""

    claim: Claim
    workflows: frozenset[str]
    """The names of the workflows it knows. Runs of others are left alone."""
    queues: tuple[str, ...]
    limit: int


class ClaimedRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run that now is the worker's."""

    run: RunRecord
    """As it is after the claim; `recoveries` counts this one, if the last owner had died."""
    events: tuple[StoredEvent, ...]
    """The beginning of its log, at least 1 event; the rest is read with `EventLog.read`."""


class Claims(Protocol):
    """Taking runs, holding them, and noticing workers that died."""

    async def register(self, worker: WorkerRecord) -> None:
        """Make the worker known, or replace its record. Must come before its first claim.

        Where the world `notices_death`, the worker is alive as long as this world object is open.
        """
        ...

    async def unregister(self, worker_id: str) -> None:
        """Forget a worker that has stopped; what it still holds is released. Idempotent."""
        ...

    async def claim(self, request: ClaimRequest) -> tuple[ClaimedRun, ...]:
        """Take due runs: the highest priority first, then the one that has been due longest, then
        the one that was created first.

        One transaction. Each claim raises the run's epoch. A run that was still held (its lease
        had ended, or its owner was found dead) counts one more recovery.
        """
        ...

    async def renew(self, worker_id: str, lease: Micros) -> None:
        """Extend the leases of all runs that the worker holds, and note its heartbeat."""
        ...

    async def reap(self) -> int:
        """Make due what dead workers hold. Gives the number of workers found dead.

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

    async def unblock(self, workflow: str, digest: str) -> int:
        """Make due the blocked runs of `workflow` whose `blocked_digest` is another than `digest`.

        Gives how many; those that were due already are not among them.
        """
        ...


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs to list. Empty fields do not filter. Times: from (inclusive) to (exclusive)."""

    ids: tuple[str, ...] = ()
    statuses: tuple[RunStatus, ...] = ()
    workflows: tuple[str, ...] = ()
    attributes: Attributes = {}
    """All of these must be equal, as JSON is: 1, true, 1.0 and "1" are four values."""
    created_from: Micros | None = None
    created_to: Micros | None = None
    parent: str | None = None


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs, newest first (by creation time, then id, both descending)."""

    runs: tuple[RunRecord, ...]
    cursor: str | None
    """Pass it on to get the next page; `None` on the last."""


class Listing(Protocol):
    """Reading what there is."""

    async def get(self, run_id: str) -> RunRecord | None:
        """The row of a run."""
        ...

    async def find(
        self, run_filter: RunFilter, *, limit: int, cursor: str | None = None
    ) -> RunPage:
        """A page of the runs that fit the filter. A page is stable under inserts.

        Raises `ValueError` for a cursor that is none of this world's.
        """
        ...

    async def ended(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Those of the runs that are over, or blocked with nothing due (nobody will try again)."""
        ...

    async def workers(self) -> tuple[WorkerRecord, ...]:
        """The registered workers, oldest first."""
        ...

    async def save_manifest(self, version: str, at: Micros, data: bytes) -> None:
        """Keep the manifest of a version. The first one written for a version stays."""
        ...

    async def manifest(self, version: str) -> bytes | None:
        """The manifest of a version."""
        ...


class News(Protocol):
    """Hearing that another process (or another user of this world) has written."""

    def mark(self) -> int:
        """A number that stands for what has been written until now."""
        ...

    async def changed(self, mark: int) -> int:
        """Return a later mark as soon as somebody else than this world object has written after
        `mark`. May wake for nothing, for a write of one's own among others; never misses a write for
        longer than a poll interval. The world's clock is not held while this waits, as it is
        (where other threads do the work) during all other calls.

        Raises `WorldError` if the world is closed, also while this waits.
        """
        ...


class World(Protocol):
    """Storage, queue and log behind one contract. Open and close it as an async context."""

    @property
    def url(self) -> str:
        """How it was named, without secrets."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def log(self) -> EventLog: ...

    @property
    def claims(self) -> Claims: ...

    @property
    def listing(self) -> Listing: ...

    @property
    def news(self) -> News: ...

    def opened(self) -> AbstractAsyncContextManager["World"]:
        """Open the world, migrating its schema if need be, and close it at the end.

        Other calls than this raise `WorldError` while the world is not open. Closing finishes what is
        under way. A worker that was not unregistered counts as dead from then on, where the world
        `notices_death`.
        """
        ...
