"""The events of a run's log: one closed union of past-tense facts.

Each event that answers a command carries the command's `id`. Everything that can change the course of
a run is one of these, in one dense sequence a run. Compatibility rule (docs/adr/0002): fields are only
ever added, with a default; kinds are only ever added.
"""

from typing import Final, TypeAlias

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes, Parent, Waiting

Payload: TypeAlias = msgspec.Raw
"""An encoded value, embedded in its event as it is."""

NO_PAYLOAD: Final = msgspec.Raw(b"")
"""Stands for a payload that was not kept."""


class _Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    tag_field="kind",
):
    """What all events have in common: immutable, tagged by kind, defaults left out of the bytes."""


class RunCreated(_Event, frozen=True, tag="run_created"):
    """The run exists. Always at position 0."""

    workflow: str
    version: str
    input: Payload
    """The arguments: `{"args": [...], "kwargs": {...}}`, encoded."""
    attributes: Attributes = {}
    parent: Parent | None = None
    secret: str = ""
    """Random, and never shown: the tokens of the run's hooks are derived from it. Empty in the logs of
    older versions."""
    trace: str = ""
    """The trace context of its start, a W3C `traceparent`. For people; no decision rests on it."""
    delay: Micros = 0
    """How long after its start it became due. For people, too."""


class StepStarted(_Event, frozen=True, tag="step_started"):
    """An attempt is under way and has taken a while, or another worker makes it. Tells the reader, and changes
    nothing in the run; but the code must have asked for the step."""

    id: str
    name: str
    attempt: int
    started_at: Micros
    line: str | None = None
    owner: str = ""
    """The worker that has the run. Told by the first attempt that a claim of the run records, and true of all
    that follow without a `worker`, up to the next `owner`."""
    worker: str = ""
    """The worker that makes a dispatched step's attempt."""
    queued: Micros = 0
    """How long it waited for room, or in its queue; 0: it began at once, or nobody knows."""
    waits: tuple[Waiting, ...] = ()
    """The sleeps and timeouts that the run was in beside it when this was written, the first few of them. For people:
    the row of a run that is not suspended does not tell them."""


class StepRetried(_Event, frozen=True, tag="step_retried"):
    """An attempt failed, and another one is to be made not before `retry_at`."""

    id: str
    name: str
    digest: str
    attempt: int
    started_at: Micros
    retry_at: Micros
    error: Payload
    line: str | None = None
    owner: str = ""
    worker: str = ""
    queued: Micros = 0


class StepCompleted(_Event, frozen=True, tag="step_completed"):
    """The step's outcome is its result. On the fast path the only event of a step."""

    id: str
    name: str
    digest: str
    """The digest of the encoded input."""
    attempt: int
    started_at: Micros
    result: Payload
    line: str | None = None
    """Where the workflow asked for it: `flow.py:17`."""
    input: Payload = NO_PAYLOAD
    """The encoded input, where it is short; else `NO_PAYLOAD`."""
    owner: str = ""
    """As of a `StepStarted`, here and in the other events of attempts."""
    worker: str = ""
    queued: Micros = 0


class StepFailed(_Event, frozen=True, tag="step_failed"):
    """The step's outcome is an error: no attempts are left, or the error is not to be retried."""

    id: str
    name: str
    digest: str
    attempt: int
    started_at: Micros
    error: Payload
    line: str | None = None
    input: Payload = NO_PAYLOAD
    owner: str = ""
    worker: str = ""
    queued: Micros = 0


class WaitCompleted(_Event, frozen=True, tag="wait_completed"):
    """A wait's deadline has come."""

    id: str
    deadline: Micros
    started_at: Micros | None = None
    line: str | None = None


class ChildStarted(_Event, frozen=True, tag="child_started"):
    """A child run exists: written in one transaction with its creation."""

    id: str
    workflow: str
    digest: str
    run_id: str
    detached: bool = False
    line: str | None = None


class ChildCompleted(_Event, frozen=True, tag="child_completed"):
    """A child ended with a result: written in one transaction with its end."""

    id: str
    run_id: str
    result: Payload


class ChildFailed(_Event, frozen=True, tag="child_failed"):
    """A child ended with an error."""

    id: str
    run_id: str
    error: Payload


class ChildCancelled(_Event, frozen=True, tag="child_cancelled"):
    """A child ended cancelled."""

    id: str
    run_id: str
    reason: str | None = None


class AttributesSet(_Event, frozen=True, tag="attributes_set"):
    """Attributes were merged into the run's. `id` is empty when a step or the outside did it."""

    attributes: Attributes
    id: str = ""
    line: str | None = None
    key: str = ""
    """Random, if the worker of a dispatched step has written it: tells it from others, when it comes again because
    no answer came."""


class CancelRequested(_Event, frozen=True, tag="cancel_requested"):
    """Somebody asked for the run to be cancelled."""

    reason: str | None = None
    key: str = ""
    """Random: tells it from others, when it comes again because no answer came."""


class WakeRequested(_Event, frozen=True, tag="wake_requested"):
    """Somebody asked for all pending sleeps of the run to end now."""

    waits: tuple[Waiting, ...] = ()
    """The sleeps that the run was suspended in when it was asked for. For people; the engine ends
    those that are pending in its own order of things."""
    key: str = ""
    """As that of a `CancelRequested`."""


class HookOpened(_Event, frozen=True, tag="hook_opened"):
    """A hook exists: written in one transaction with its row. From now on it can be resumed."""

    id: str
    token: str = ""
    """The token that the code has chosen; empty where the token is derived from the secret of the run."""
    expires_at: Micros | None = None
    line: str | None = None
    base: str = ""
    """Of a webhook: what its URL begins with, as it was known where the code asked for it."""


class HookConflicted(_Event, frozen=True, tag="hook_conflicted"):
    """A hook could not be opened: another hook has its token."""

    id: str
    token: str
    owner: str
    """The id of the run that has the token."""
    line: str | None = None


class HookReceived(_Event, frozen=True, tag="hook_received"):
    """Somebody outside has handed in a payload. It is acknowledged by being here."""

    payload: Payload
    id: str = ""
    """Empty if it came with the start of a run: then it is for the hook that has the token, or for the next
    one that the run opens with it."""
    token: str = ""
    key: str | None = None
    """The key that its sender has given it; one of its own where the hook takes one payload."""
    trace: str = ""
    """The trace context of its sender. For people; no decision rests on it."""


class HookExpired(_Event, frozen=True, tag="hook_expired"):
    """The time of a hook has come; nothing is delivered to it any more."""

    id: str
    deadline: Micros


class HookDisposed(_Event, frozen=True, tag="hook_disposed"):
    """The code does not want the hook any more; its token is free."""

    id: str


class RunCompleted(_Event, frozen=True, tag="run_completed"):
    """The run ended with a result. Nothing comes after the end of a run."""

    result: Payload


class RunFailed(_Event, frozen=True, tag="run_failed"):
    """The run ended with an error."""

    error: Payload


class RunCancelled(_Event, frozen=True, tag="run_cancelled"):
    """The run ended because it was cancelled."""

    reason: str | None = None


Event: TypeAlias = (
    RunCreated
    | StepStarted
    | StepRetried
    | StepCompleted
    | StepFailed
    | WaitCompleted
    | ChildStarted
    | ChildCompleted
    | ChildFailed
    | ChildCancelled
    | AttributesSet
    | HookOpened
    | HookConflicted
    | HookReceived
    | HookExpired
    | HookDisposed
    | CancelRequested
    | WakeRequested
    | RunCompleted
    | RunFailed
    | RunCancelled
)


class Logged(msgspec.Struct, frozen=True, gc=False):
    """An event in its place."""

    position: int
    at: Micros
    """The world's time at the commit."""
    event: Event
