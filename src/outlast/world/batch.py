"""What is written in one transaction: a `Batch`, and the `Receipt` that answers it."""

from typing import TypeAlias

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes, Parent, RunRecord, RunStatus, Waiting


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
    """If a run was created with the same key before, nothing is created, and the answer names that run."""
    claim: "Claim | None" = None
    """Create it as already claimed, by the process that creates it. Ignored if there is a delay.
    Nothing answers for the children of an `Advance`, so a claim of theirs is for who knows that
    they are new."""
    token: str | None = None
    """Goes with `delivery`. If a live hook has this token (or a live run has it reserved), the delivery goes to
    that run and nothing is created. Otherwise the run is created with the delivery in its log, and has the
    token reserved: what comes for it goes to this run, and only this run can open a hook with it. Not for the
    children of an `Advance`."""
    delivery: EventDraft | None = None
    """The `hook_received` that goes with `token`."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """Who takes a run, and for how long."""

    worker: str
    lease: Micros
    """How long from now it holds, unless it is renewed; in microseconds."""


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has room for."""

    claim: Claim
    workflows: frozenset[str]
    """The names of the workflows it knows. Runs of others are left alone."""
    queues: tuple[str, ...]
    """The queues that it serves."""
    limit: int
    """The most runs to take."""


class ClaimedRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run that now is the worker's."""

    run: RunRecord
    """As it is after the claim; `recoveries` counts this one, if the last owner had died."""
    events: tuple[StoredEvent, ...]
    """The beginning of its log, at least 1 event; the rest is read with `EventLog.read`."""


class Dispatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step for another worker: it goes into the queue of steps."""

    ref: str
    """The id of the `RunStep` command. Dispatching one that is in the queue already changes nothing."""
    name: str
    queue: str
    priority: int
    """Steps of a higher priority are claimed first."""
    attempt: int
    """The number of the attempt that is to be made: 1 is the first."""
    delay: Micros = 0
    """How long from now it becomes due."""
    data: bytes
    """What the worker needs to make the attempt, UTF-8 JSON."""


class HookDraft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hook to open."""

    ref: str
    """The id of the `OpenHook` command."""
    token: str
    event: EventDraft
    """Its `hook_opened`."""
    kind: str = "hook"
    expires_at: Micros | None = None
    data: bytes = b"{}"
    """What those who deliver want to know of it, UTF-8 JSON."""


class Append(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Events that somebody who does not own the run puts into its log.

    If nobody holds the run it becomes due at once, also if it was delayed or blocked, and stays due
    since earlier if it was. If somebody holds it, it is nudged instead. Nothing is written to a run
    that has ended.
    """

    run_id: str
    events: tuple[EventDraft, ...]
    """No other events are like these: a batch that comes again finds by what is in them whether they are in the
    log already."""
    attributes: Attributes | None = None
    """Attributes to merge into the run's row."""


class Keep(msgspec.Struct, frozen=True, gc=False):
    """The owner goes on."""


class Suspend(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The owner lets go because nothing runs. It takes effect only if the owner has seen the whole
    log; otherwise the owner keeps the run and gets what it has missed."""

    due_at: Micros | None
    """When it is due without anything from outside; `None`: never."""
    waiting: tuple[Waiting, ...]
    """What it waits for, to be shown; it decides nothing."""


class Release(msgspec.Struct, frozen=True, gc=False):
    """The owner hands the run back, `pending` and due at once: it is stopping."""


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The code does not fit the log, or a setting is missing. The run stays as it is until somebody wakes it: it is not due,
    and `blocked` until it is claimed again. If the owner has not seen the whole log, it is due at once:
    what it has missed may be a wake or a cancellation."""

    problem: str
    """Why, for people."""
    digest: str
    """Of the source of its workflow, as the owner has it: `Claims.unblock` compares it. Empty, and so another than
    any, if the next worker that starts is to try it."""


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
    dispatches: tuple[Dispatch, ...] = ()
    """Steps for other workers. Carried out only if the owner has seen the whole log: what it has
    missed may be the outcome of one of them."""
    withdraws: tuple[str, ...] = ()
    """Refs of dispatched steps to take out of the queue again. Idempotent. Whoever works on one of
    them no longer holds it. An `End` withdraws all that the run has there."""
    disposes: tuple[str, ...] = ()
    """Refs of hooks whose tokens are free from now on. Idempotent. An `End` frees all tokens of the run."""
    opens: tuple[HookDraft, ...] = ()
    """Hooks to open, after what is disposed of; their events come before those of the advance. One whose token
    a live hook has, that has not expired, is not opened, and its event not written. Carried out only if the
    owner has seen the whole log: what it has missed may be that it was opened."""


class Begun(msgspec.Struct, frozen=True, gc=False):
    """The attempt goes on. Its events are for readers: neither is the run made due nor its owner
    nudged."""


class Again(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The step goes back into the queue: for its next attempt, or because its worker stops. Its
    events neither make the run due nor nudge its owner."""

    attempt: int
    """The number of the attempt that is to be made next."""
    delay: Micros
    """How long from now it becomes due."""


class Done(msgspec.Struct, frozen=True, gc=False):
    """The step has its outcome, which is the last of the events. It leaves the queue; the run becomes
    due, or its owner is nudged, as by an `Append`."""


Progress: TypeAlias = Begun | Again | Done


class Settle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the worker of a dispatched step writes into the log of its run. Refused, all of it, if the
    step is not in the queue any more, its epoch is another, or nobody holds it any more (it was let
    go of at this epoch)."""

    run_id: str
    ref: str
    epoch: int
    """The epoch of the claim of the step, not of the run."""
    events: tuple[EventDraft, ...]
    """No other events are like these, as with an `Append`."""
    then: Progress
    attributes: Attributes | None = None
    """Attributes to merge into the run's row."""


class Deliver(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payload for a hook. Refused if the token is not (any more) that of this hook, or the hook has
    expired. Otherwise it wakes or nudges as an `Append` does."""

    token: str
    run_id: str
    ref: str
    """As it is in the row of the hook: empty while the token is reserved."""
    event: EventDraft
    """Its `hook_received`."""
    key: str | None = None
    """What was delivered to the hook with the same key before is not delivered again."""


class Batch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that is written in one transaction, in this order. What comes later builds on what
    came before: a run may occur several times."""

    creates: tuple[RunDraft, ...] = ()
    advances: tuple[Advance, ...] = ()
    appends: tuple[Append, ...] = ()
    settles: tuple[Settle, ...] = ()
    deliveries: tuple[Deliver, ...] = ()
    claim: ClaimRequest | None = None
    """Take too, in the same transaction and after all else, the runs that nobody holds and to whose logs this batch
    puts something from outside: those that it wakes. They are taken as `Claims.claim` would take them if no other
    were due, up to the limit in the order of waking; what is not taken is due."""
    again: bool = False
    """It was tried before, and may have been written: no answer came. What was is not written again. What it claimed
    then is not told again: whoever asks has to look which of the runs are its own by now."""


class Created(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `RunDraft`."""

    run_id: str
    """The id of the run that exists now: another one's, if the idempotency key was taken, or if the token
    was: then the delivery went to that run."""
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
    missed: then this is true. Nor are `dispatches`."""
    again: bool = False
    """An earlier try had written it. Then nothing of it was written now, and its own events are among those
    that were missed. (One that has let go of its run is fenced instead: nobody holds the run.)"""
    opened: tuple[str, ...] = ()
    """Refs of the hooks that were opened, in the order of their events: the first of the advance's own."""
    conflicts: tuple[tuple[str, str], ...] = ()
    """Refs of the hooks that were not opened because another hook has their token, each with the id of that
    one's run."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The answer to an `Append`."""

    position: int | None
    """The position of its first event (or that of the next, if it has none), also if an earlier try had
    written it; `None` if there is no such run, or it has ended without it."""
    status: RunStatus | None
    """The status of the run at that time; `None` if there is no such run."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `Settle`."""

    fenced: bool
    """Nothing of it was written: the step was withdrawn, or is another worker's by now."""


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `Deliver`."""

    position: int | None
    """Where its event is in the log; `None` if nothing was written."""
    duplicate: bool = False
    """Nothing was written because its key was delivered before: it is in the log already."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a commit did: the answers stand in the order of what was asked."""

    at: Micros
    """The world's time at the commit. An event of the batch has this time, or that of its predecessor in
    its log if that is later: the time of a log never goes back, whatever clocks do."""
    created: tuple[Created, ...]
    advanced: tuple[Advanced, ...]
    appended: tuple[Appended, ...]
    settled: tuple[Settled, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    nudged: tuple[str, ...] = ()
    """Runs, held by some worker, to which this batch has put something from outside (appends, deliveries, the
    ends of children, outcomes of dispatched steps) of which no later part of it tells their owners: they should look."""
    claimed: tuple[ClaimedRun, ...] = ()
    """The runs that were taken as the batch's `claim` asked, with what it has put into their logs."""
