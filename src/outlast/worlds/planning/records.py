"""What planning starts from, and what it comes to."""

from collections.abc import Mapping, Sequence

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import Attributes, RunRecord, RunStatus, Waiting
from outlast.world import Receipt, StepKey, StoredEvent


class RunState(msgspec.Struct):
    """Where a run stands while a batch is being planned: the planner's working copy."""

    status: RunStatus
    epoch: int
    position: int
    last_at: Micros
    """The time of the last event of its log."""
    attributes: Attributes


class StepState(msgspec.Struct):
    """Where a dispatched step stands while a batch is being planned."""

    epoch: int
    held: bool
    """Whether some worker holds it."""


class Known(msgspec.Struct, frozen=True):
    """What the world has about the runs and steps of a batch. The planner changes all but `tails`."""

    states: dict[str, RunState]
    """Run id -> state, for those of the wanted runs that exist."""
    keys: dict[str, str]
    """Idempotency key -> run id, for those of the wanted keys that are taken."""
    tails: Mapping[str, Sequence[StoredEvent]]
    """Run id -> stored events without a gap up to the log's end, from the lowest `seen` of the
    run's advances or from before it. Looked up only where an advance has missed something, or the batch
    comes again."""
    steps: dict[StepKey, StepState] = {}
    """For those of the wanted steps that are in the queue."""
    hooks: dict[str, HookRecord] = {}
    """Token -> hook, for those of the wanted tokens that some hook has, expired or not."""
    hook_keys: set[tuple[str, str]] = set()
    """Token and key, for those of the wanted ones that were delivered before."""


class Growth(msgspec.Struct, gc=False):
    """How the row of a run follows its log: always together with the events themselves."""

    status: RunStatus
    """The status before; with `epoch` and `base` it tells whether the row is what was planned on."""
    epoch: int
    base: int
    """The position before."""
    position: int
    at: Micros
    """The time of the last event, if there are any; never before the row's own."""
    progress: bool = False
    """Whether the count of recoveries starts anew."""
    nudged: bool | None = None
    """Whether a worker holds the run that is to look at what it has not seen; `None`: as before."""


class Turn(msgspec.Struct, frozen=True):
    """The owner lets go of a run: it has no worker from now on."""

    status: RunStatus
    due_at: Micros | None
    waiting: tuple[Waiting, ...] = ()
    problem: str | None = None
    blocked_digest: str | None = None
    ended_at: Micros | None = None


class NewStep(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step that goes into the queue, held by nobody, with epoch 0 and no recoveries."""

    name: str
    queue: str
    priority: int
    attempt: int
    due_at: Micros
    data: bytes


class Requeue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A step that its worker lets go of: held by nobody, with no recoveries, and its epoch as it was."""

    epoch: int
    """The epoch that it must have."""
    attempt: int
    due_at: Micros


class HookChanges(msgspec.Struct, frozen=True):
    """What becomes of the hooks, to be applied in the order of the fields; before all that, the hooks of runs
    that have ended go."""

    disposed: dict[tuple[str, str], None]
    """Run id and ref of hooks that go."""
    freed: dict[str, HookRecord | None]
    """Tokens whose hooks go, with all keys that were delivered to them; and the hooks, as they were known
    before (`None`: it had none)."""
    put: dict[str, HookRecord]
    """Hooks by their tokens. Of a token that is still taken after what went, the row is the reservation of the
    same run, and becomes that of the hook."""
    keys: dict[tuple[str, str], None]
    """Tokens and keys: delivered."""
    used: dict[str, HookRecord]
    """Hooks to which something is delivered: their rows must be there."""

    def __bool__(self) -> bool:
        return bool(self.disposed or self.freed or self.put or self.keys or self.used)


class Plan(msgspec.Struct, frozen=True):
    """All that one transaction writes, to be applied in the order of the fields."""

    created: tuple[RunRecord, ...]
    """New runs, as they are with their first event."""
    grown: dict[str, Growth]
    turned: dict[str, Turn]
    woken: tuple[str, ...]
    """Runs that nobody holds, to whose logs something was added: due at the plan's time, if they
    are not due already."""
    attributes: dict[str, Attributes]
    """All attributes of the runs whose attributes have changed."""
    events: tuple[tuple[str, StoredEvent], ...]
    """Run id and event, in the order in which they were asked for."""
    emptied: tuple[str, ...]
    """Runs that have ended: all steps that they have in the queue leave it."""
    removed: dict[StepKey, int | None]
    """Steps that leave the queue: done (then with the epoch that they must have), or withdrawn."""
    requeued: dict[StepKey, Requeue]
    dispatched: dict[StepKey, NewStep]
    """Steps that go into the queue, in the order of dispatching. One that is there already (after what
    is `removed` has left) stays as it is."""
    hooks: HookChanges
    receipt: Receipt
