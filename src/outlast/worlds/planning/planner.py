"""Planning a batch: pure, from what is known to what is to be written."""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import TERMINAL, Attributes, RunRecord, RunStatus
from outlast._model.transitions import TRANSITIONS
from outlast.world import (
    Advance,
    Advanced,
    Append,
    Appended,
    Batch,
    Block,
    Created,
    Deliver,
    Delivered,
    Done,
    End,
    EventDraft,
    Keep,
    Receipt,
    Release,
    RunDraft,
    Settle,
    Settled,
    StoredEvent,
    Suspend,
)
from outlast.worlds.planning.hooks import HookPlanner
from outlast.worlds.planning.records import Growth, Known, Plan, RunState, Turn
from outlast.worlds.planning.steps import StepPlanner
from outlast.worlds.planning.wanted import start_key


def plan(batch: Batch, known: Known, at: Micros) -> Plan:
    """What the batch does to the runs that are known, at the world's time `at`.

    Changes `known` as it goes, so that what comes later in the batch builds on what came before.
    Raises `ValueError` for an `End` with a status that is not terminal.
    """
    planner = _Planner(known, at, again=batch.again)
    created = tuple([planner.create(draft) for draft in batch.creates])
    advanced = tuple([planner.advance(advance) for advance in batch.advances])
    appended = tuple([planner.append(append) for append in batch.appends])
    settled = tuple([planner.settle(settle) for settle in batch.settles])
    delivered = tuple([planner.deliver(delivery) for delivery in batch.deliveries])
    return planner.result(
        Receipt(
            at=at,
            created=created,
            advanced=advanced,
            appended=appended,
            settled=settled,
            delivered=delivered,
        )
    )


class _Planner:
    """The plan as it grows."""

    def __init__(self, known: Known, at: Micros, *, again: bool) -> None:
        self._known = known
        self._at = at
        self._again = again
        self._created: list[RunRecord] = []
        self._grown: dict[str, Growth] = {}
        self._turned: dict[str, Turn] = {}
        self._woken: dict[str, None] = {}
        self._attributes: dict[str, Attributes] = {}
        self._events: list[tuple[str, StoredEvent]] = []
        self._steps = StepPlanner(known.steps, at)
        self._hooks = HookPlanner(known.hooks, known.hook_keys, at)

    def create(self, draft: RunDraft) -> Created:
        """Create the run, unless its id or key is taken."""
        existing = self._existing(draft)
        if existing is not None:
            return Created(existing, new=False)
        if draft.token is not None and draft.delivery is not None:
            holder = self._holder(draft.token)
            if holder is not None:
                if self._hooks.deliver(holder, start_key(draft)):
                    self._add(holder.run_id, self._known.states[holder.run_id], (draft.delivery,))
                return Created(holder.run_id, new=False)
        record = _new_record(draft, self._at)
        self._created.append(record)
        created = StoredEvent(0, self._at, draft.created.kind, draft.created.data)
        self._events.append((draft.id, created))
        self._known.states[draft.id] = RunState(
            record.status, record.epoch, 1, self._at, record.attributes
        )
        if draft.idempotency_key is not None:
            self._known.keys[draft.idempotency_key] = draft.id
        if draft.token is not None and draft.delivery is not None:
            self._hooks.reserve(draft.id, draft.token)
            nudged = True if record.status is RunStatus.RUNNING else None
            self._grow(draft.id, self._known.states[draft.id], (draft.delivery,), nudged=nudged)
        return Created(draft.id, new=True, epoch=record.epoch)

    def advance(self, advance: Advance) -> Advanced:
        """Carry out what the owner asks for, if it is the owner."""
        state = self._known.states.get(advance.run_id)
        if state is None or state.epoch != advance.epoch or state.status != RunStatus.RUNNING:
            return Advanced(fenced=True, kept=False)
        missed = () if advance.seen >= state.position else self._missed(advance)
        if self._again and _place_of(advance.events, missed) is not None:
            return Advanced(fenced=False, position=state.position, missed=missed, again=True)
        # Most advances have nothing but events: these lines are gone through for each step.
        if advance.disposes:
            self._hooks.dispose(advance.run_id, advance.disposes)
        opens = advance.opens and not missed
        opened, conflicts = self._open(advance, state) if opens else ((), ())
        growth = self._grow(advance.run_id, state, advance.events, nudged=False)
        if advance.progress:
            growth.progress = True
        if advance.attributes:
            self._merge(advance.run_id, state, advance.attributes)
        for draft in advance.children:
            self.create(draft)
        if advance.dispatches and not missed:
            self._steps.dispatch(advance.run_id, advance.dispatches)
        if advance.withdraws:
            self._steps.withdraw(advance.run_id, advance.withdraws)
        kept = self._follow(advance, state, missed=bool(missed))
        return Advanced(
            fenced=False,
            position=state.position,
            missed=missed,
            kept=kept,
            opened=opened,
            conflicts=conflicts,
        )

    def append(self, append: Append) -> Appended:
        """Put events from outside into the log of a run, and see that somebody looks at them."""
        state = self._known.states.get(append.run_id)
        if state is None:
            return Appended(None, None)
        written = self._written_before(append.run_id, append.events)
        if written is not None:
            return Appended(written, state.status)
        if state.status in TERMINAL:
            return Appended(None, state.status)
        position = state.position
        self._add(append.run_id, state, append.events)
        if append.attributes:
            self._merge(append.run_id, state, append.attributes)
        return Appended(position, state.status)

    def settle(self, settle: Settle) -> Settled:
        """Put what the worker of a step has to say into the log of the run, if it still holds the step."""
        state = self._known.states.get(settle.run_id)
        if state is None or state.status in TERMINAL or not self._steps.settle(settle):
            return Settled(fenced=True)
        if self._written_before(settle.run_id, settle.events) is not None:
            return Settled(fenced=False)
        if isinstance(settle.then, Done):
            self._add(settle.run_id, state, settle.events)
        else:
            self._grow(settle.run_id, state, settle.events, nudged=None)
        if settle.attributes:
            self._merge(settle.run_id, state, settle.attributes)
        return Settled(fenced=False)

    def deliver(self, delivery: Deliver) -> Delivered:
        """Put a payload into the log of the run whose hook has the token."""
        hook = self._holder(delivery.token)
        if hook is None or (hook.run_id, hook.ref) != (delivery.run_id, delivery.ref):
            return Delivered(None)
        if not self._hooks.deliver(hook, delivery.key):
            return Delivered(None, duplicate=True)
        state = self._known.states[hook.run_id]
        position = state.position
        self._add(hook.run_id, state, (delivery.event,))
        return Delivered(position)

    def result(self, receipt: Receipt) -> Plan:
        """The plan, with the answers to what was asked."""
        nudged = tuple([run_id for run_id, growth in self._grown.items() if growth.nudged])
        return Plan(
            tuple(self._created),
            self._grown,
            self._turned,
            tuple(self._woken),
            self._attributes,
            tuple(self._events),
            tuple(self._steps.emptied),
            self._steps.removed,
            self._steps.requeued,
            self._steps.dispatched,
            self._hooks.changes,
            replace(receipt, nudged=nudged) if nudged else receipt,
        )

    def _open(
        self, advance: Advance, state: RunState
    ) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Open hooks; gives the refs of those that were opened, and who has the tokens of the others."""
        opened: list[str] = []
        conflicts: list[tuple[str, str]] = []
        for draft in advance.opens:
            owner = self._hooks.open(advance.run_id, draft)
            if owner is None:
                opened.append(draft.ref)
                self._grow(advance.run_id, state, (draft.event,), nudged=False)
            else:
                conflicts.append((draft.ref, owner))
        return tuple(opened), tuple(conflicts)

    def _holder(self, token: str) -> HookRecord | None:
        """The live hook that has the token. Where a world reads hooks and runs one after the other, the run
        may have ended in between."""
        hook = self._hooks.live(token)
        state = None if hook is None else self._known.states.get(hook.run_id)
        return None if state is None or state.status in TERMINAL else hook

    def _existing(self, draft: RunDraft) -> str | None:
        if draft.id in self._known.states:
            return draft.id
        if draft.idempotency_key is None:
            return None
        return self._known.keys.get(draft.idempotency_key)

    def _missed(self, advance: Advance) -> tuple[StoredEvent, ...]:
        stored = self._known.tails.get(advance.run_id, ())
        fresh = [event for run_id, event in self._events if run_id == advance.run_id]
        return tuple([event for event in (*stored, *fresh) if event.position >= advance.seen])

    def _written_before(self, run_id: str, drafts: tuple[EventDraft, ...]) -> int | None:
        """Where events stand in a log which an earlier try of the batch has put there."""
        return _place_of(drafts, self._known.tails.get(run_id, ())) if self._again else None

    def _add(self, run_id: str, state: RunState, drafts: tuple[EventDraft, ...]) -> None:
        """Put events from outside into a log, and see that somebody looks at them."""
        held = state.status == RunStatus.RUNNING
        self._grow(run_id, state, drafts, nudged=held)
        if not held:
            self._woken[run_id] = None

    def _grow(
        self, run_id: str, state: RunState, drafts: tuple[EventDraft, ...], *, nudged: bool | None
    ) -> Growth:
        growth = self._grown.get(run_id)
        if growth is None:
            growth = Growth(state.status, state.epoch, state.position, state.position, self._at)
            self._grown[run_id] = growth
        if drafts:
            state.last_at = growth.at = max(self._at, state.last_at)
        for draft in drafts:
            event = StoredEvent(state.position, state.last_at, draft.kind, draft.data)
            self._events.append((run_id, event))
            state.position += 1
        growth.position = state.position
        if nudged is not None:
            growth.nudged = nudged
        return growth

    def _merge(self, run_id: str, state: RunState, attributes: Attributes) -> None:
        state.attributes = {**state.attributes, **attributes}
        self._attributes[run_id] = state.attributes

    def _follow(self, advance: Advance, state: RunState, *, missed: bool) -> bool:
        """Keep the run or let go of it; gives whether the owner still holds it."""
        run_id, then = advance.run_id, advance.then
        match then:
            case Keep():
                return True
            case Suspend():
                if missed:
                    return True
                turn = Turn(RunStatus.SUSPENDED, then.due_at, waiting=then.waiting)
                self._grown[run_id].progress = True
            case Release():
                turn = Turn(RunStatus.PENDING, self._at)
                self._grown[run_id].progress = True
            case Block():
                # What the owner has not seen may be a cancellation: then somebody looks again at once.
                due_at = self._at if missed else None
                turn = Turn(
                    RunStatus.BLOCKED, due_at, problem=then.problem, blocked_digest=then.digest
                )
            case End():
                turn = _end(then, state.last_at if advance.events else self._at)
            case _:
                assert_never(then)
        if turn.status not in TRANSITIONS[state.status]:
            message = f"a run cannot go from {state.status.value!r} to {turn.status.value!r}"
            raise ValueError(message)
        self._turned[run_id] = turn
        state.status = turn.status
        if isinstance(then, End):
            self._steps.empty(run_id)
            self._hooks.empty(run_id)
            if then.notify is not None:
                self.append(then.notify)
        return False


def _place_of(drafts: Sequence[EventDraft], log: Sequence[StoredEvent]) -> int | None:
    """Where the events stand in the log, one after the other. Then an earlier try has put them there: an owner
    sends one advance at a time, and nobody else writes events with the ids of its commands; and those who are
    not the owner put keys into theirs."""
    asked = [(draft.kind, draft.data) for draft in drafts]
    there = [(event.kind, event.data) for event in log]
    starts = range(len(there) - len(asked) + 1) if asked else ()
    places = [n for n in starts if there[n : n + len(asked)] == asked]
    return log[places[0]].position if places else None


def _end(then: End, at: Micros) -> Turn:
    if then.status not in TERMINAL:
        message = f"a run cannot end {then.status.value!r}"
        raise ValueError(message)
    return Turn(then.status, None, ended_at=at)


def _new_record(draft: RunDraft, at: Micros) -> RunRecord:
    claim = draft.claim if draft.delay <= 0 else None
    return RunRecord(
        id=draft.id,
        workflow=draft.workflow,
        status=RunStatus.PENDING if claim is None else RunStatus.RUNNING,
        version=draft.version,
        queue=draft.queue,
        priority=draft.priority,
        attributes=draft.attributes,
        due_at=at + (max(draft.delay, 0) if claim is None else claim.lease),
        epoch=0 if claim is None else 1,
        worker=None if claim is None else claim.worker,
        position=1,
        recoveries=0,
        created_at=at,
        started_at=None if claim is None else at,
        parent=draft.parent,
        idempotency_key=draft.idempotency_key,
    )
