"""Random programs: the same operations on a world and on the memory world, with equal answers.

The checks of the sections say what must be so; programs find what nobody thought of saying. They
draw from any `random.Random`: a seeded one, or one that a property-testing library controls and
shrinks.
"""

import random
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec.structs import replace

from outlast._clock import SECOND
from outlast._model.runs import Attributes, AttributeValue, Parent, RunStatus, Waiting
from outlast.testing.conformance.clock import SettableClock
from outlast.testing.conformance.expecting import equal
from outlast.testing.conformance.scene import (
    LEASE,
    append,
    dispatch,
    draft,
    fact,
    facts,
    heartbeat,
    settle,
)
from outlast.world import (
    Advance,
    Again,
    Append,
    Batch,
    Begun,
    Block,
    Claim,
    ClaimRequest,
    Deliver,
    Dispatch,
    Done,
    End,
    EventDraft,
    HookDraft,
    Keep,
    PruneRequest,
    Release,
    RunDraft,
    RunFilter,
    RunOrder,
    Settle,
    StepKey,
    StepRequest,
    Suspend,
    Then,
    World,
)
from outlast.worlds.memory import MemoryWorld

Operation: TypeAlias = Callable[[World], Awaitable[object]]

_RUNS = tuple(f"run-{number}" for number in range(8))
_WORKERS = ("worker-0", "worker-1")
_WORKFLOWS = ("flow", "other")
_QUEUES = ("default", "slow")
_REFS = ("work#1", "work#2", "other#1")
_STEPS = tuple(StepKey(run_id, ref) for run_id in _RUNS for ref in _REFS)
_HOOKS = ("hook#1", "hook#2")
_TOKENS = ("token-1", "token-2", "é🙂")
_NAMES = ("work", "other")
_VALUES: tuple[AttributeValue, ...] = (None, True, False, 1, 0, 1.0, "1", "", "a\x00b", "é🙂")
_ENDS = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


async def same_as_memory(
    world: World, clock: SettableClock, chance: random.Random, *, steps: int
) -> None:
    """Do `steps` random operations to an open, empty world and to a memory world of the same clock.

    Raises `AssertionError` for the first answer, and at the end for the first row or log, that
    differs.
    """
    memory = MemoryWorld(clock)
    async with memory.opened():
        program = _Program(memory, clock, chance)
        for _ in range(steps):
            operation = await program.next()
            equal(await operation(world), await operation(memory), f"the answer of {operation}")
        for run_id in _RUNS:
            equal(await world.listing.get(run_id), await memory.listing.get(run_id), run_id)
            equal(await world.log.read(run_id), await memory.log.read(run_id), run_id)
        for worker in _WORKERS:
            equal(await world.steps.held(worker), await memory.steps.held(worker), worker)
        hooks = await memory.listing.hooks(limit=100)
        equal((await world.listing.hooks(limit=100)).hooks, hooks.hooks, "the hooks")
        equal(await world.listing.workers(), await memory.listing.workers(), "the workers")


class _Program:
    """Makes operations that suit the state of the model, most of the time."""

    def __init__(self, model: World, clock: SettableClock, chance: random.Random) -> None:
        self._model = model
        self._clock = clock
        self._chance = chance
        self._epochs: dict[StepKey, int] = {}
        """Of the last claims of the steps."""
        self._makers: tuple[Callable[[], Operation], ...] = (
            self._claim,
            self._claim,
            self._claim_steps,
            self._claim_steps,
            self._renew,
            self._unregister,
            self._next_due,
            self._next_step_due,
            self._held_steps,
            self._prune,
            self._nudged,
            self._unblock,
            self._find,
            self._ended,
            self._read,
        )

    async def next(self) -> Operation:
        """An operation to do to both worlds."""
        self._clock.move(self._chance.choice((0, 1, SECOND, LEASE, LEASE, -SECOND)))
        if self._maybe(0.6):
            batch = await self._batch()
            return lambda world: world.log.commit(batch)
        return self._chance.choice(self._makers)()

    def _maybe(self, probability: float) -> bool:
        return self._chance.random() < probability

    async def _batch(self) -> Batch:
        pick = self._chance.randint
        return Batch(
            creates=tuple([self._start() for _ in range(pick(0, 2))]),
            advances=tuple([await self._advance() for _ in range(pick(0, 4))]),
            appends=tuple([self._append() for _ in range(pick(0, 2))]),
            settles=tuple([self._settle() for _ in range(pick(0, 2))]),
            deliveries=tuple([await self._deliver() for _ in range(pick(0, 2))]),
        )

    def _start(self) -> RunDraft:
        made = self._draft()
        if self._maybe(0.7):
            return made
        token, delivery = self._chance.choice(_TOKENS), fact("hook_received")
        return replace(made, token=token, delivery=delivery)

    async def _deliver(self) -> Deliver:
        choice = self._chance.choice
        token = choice(_TOKENS)
        hook = await self._model.listing.hook(token)
        run_id, ref = choice(_RUNS), choice(_HOOKS)
        if hook is not None and self._maybe(0.9):
            run_id, ref = hook.run_id, hook.ref
        event, key = fact("hook_received"), choice((None, "k1", "k2"))
        return Deliver(token=token, run_id=run_id, ref=ref, event=event, key=key)

    def _open(self) -> HookDraft:
        choice, now = self._chance.choice, self._clock.now()
        return HookDraft(
            ref=choice(_HOOKS),
            token=choice(_TOKENS),
            event=fact("hook_opened"),
            kind=choice(("hook", "webhook")),
            expires_at=choice((None, None, now, now + SECOND, now + LEASE)),
            data=choice((b"{}", '"é"'.encode())),
        )

    def _draft(self) -> RunDraft:
        choice = self._chance.choice
        return draft(
            choice(_RUNS),
            workflow=choice(_WORKFLOWS),
            queue=choice(_QUEUES),
            priority=choice((-1, 0, 0, 5)),
            attributes=self._attributes(),
            delay=choice((0, 0, SECOND, LEASE)),
            parent=choice(
                (None, None, Parent(choice(_RUNS), "child#1", detached=self._maybe(0.5)))
            ),
            idempotency_key=choice((None, None, "key-1", "key-2")),
            claim=choice((None, Claim(choice(_WORKERS), LEASE))),
        )

    async def _advance(self) -> Advance:
        run_id = self._chance.choice(_RUNS)
        run = await self._model.listing.get(run_id)
        epoch, position = (0, 0) if run is None else (run.epoch, run.position)
        return Advance(
            run_id=run_id,
            epoch=epoch if self._maybe(0.8) else self._chance.randint(0, 4),
            seen=position if self._maybe(0.7) else self._chance.randint(0, position + 1),
            events=self._events(),
            then=self._then(),
            attributes=self._attributes() if self._maybe(0.2) else None,
            progress=self._maybe(0.5),
            children=(self._draft(),) if self._maybe(0.1) else (),
            dispatches=tuple([self._dispatch() for _ in range(self._chance.randint(0, 2))]),
            withdraws=(self._chance.choice(_REFS),) if self._maybe(0.1) else (),
            opens=(self._open(),) if self._maybe(0.3) else (),
            disposes=(self._chance.choice(_HOOKS),) if self._maybe(0.2) else (),
        )

    def _dispatch(self) -> Dispatch:
        choice = self._chance.choice
        return dispatch(
            choice(_REFS),
            name=choice(_NAMES),
            queue=choice(_QUEUES),
            priority=choice((-1, 0, 0, 5)),
            attempt=choice((1, 2)),
            delay=choice((0, 0, SECOND)),
            data=choice((b"{}", '"é"'.encode())),
        )

    def _settle(self) -> Settle:
        key = self._chance.choice((*self._epochs, *_STEPS[:3]))
        epoch = self._epochs.get(key, 0) if self._maybe(0.8) else self._chance.randint(0, 3)
        delay = self._chance.choice((0, SECOND))
        then = self._chance.choice((Begun(), Again(attempt=3, delay=delay), Done()))
        attributes = self._attributes() if self._maybe(0.3) else None
        made = settle(key.run_id, key.ref, epoch=epoch, then=then, attributes=attributes)
        return replace(made, events=self._events())

    def _then(self) -> Then:
        due_at = self._clock.now() + self._chance.choice((0, SECOND, LEASE))
        return self._chance.choice(
            (
                Keep(),
                Keep(),
                Keep(),
                Suspend(due_at=None, waiting=()),
                Suspend(
                    due_at=due_at, waiting=(Waiting(kind="wait", ref="sleep#1", until=due_at),)
                ),
                Release(),
                Block(problem="changed", digest=self._chance.choice(("d1", "d2"))),
                End(status=self._chance.choice(_ENDS)),
                End(status=self._chance.choice(_ENDS), notify=self._append()),
            )
        )

    def _append(self) -> Append:
        attributes = self._attributes() if self._maybe(0.3) else None
        added = append(self._chance.choice(_RUNS), attributes=attributes)
        return replace(added, events=self._events())

    def _events(self) -> tuple[EventDraft, ...]:
        kinds = ("step_completed", "hook_resumed", "wait_completed")
        return facts(*self._chance.choices(kinds, k=self._chance.randint(0, 3)))

    def _attributes(self) -> Attributes:
        count = self._chance.randint(0, 2)
        return {self._chance.choice("xyz"): self._chance.choice(_VALUES) for _ in range(count)}

    def _claim(self) -> Operation:
        request = ClaimRequest(
            claim=Claim(self._chance.choice(_WORKERS), LEASE),
            workflows=self._workflows(),
            queues=self._queues(),
            limit=self._chance.randint(1, 4),
        )

        async def claim(world: World) -> object:
            claimed = await world.claims.claim(request)  # with as many events as the world likes
            return [(taken.run, taken.events[:1]) for taken in claimed]

        return claim

    def _claim_steps(self) -> Operation:
        request = StepRequest(
            claim=Claim(self._chance.choice(_WORKERS), LEASE),
            steps=frozenset(self._chance.choices(_NAMES, k=2)),
            queues=self._queues(),
            limit=self._chance.randint(1, 4),
        )

        async def claim(world: World) -> object:
            claimed = await world.steps.claim(request)
            self._epochs.update({step.key: step.epoch for step in claimed})
            return claimed

        return claim

    def _next_step_due(self) -> Operation:
        names, queues = frozenset(self._chance.choices(_NAMES, k=2)), self._queues()
        return lambda world: world.steps.next_due(names, queues)

    def _held_steps(self) -> Operation:
        worker = self._chance.choice(_WORKERS)
        return lambda world: world.steps.held(worker)

    def _prune(self) -> Operation:
        choice = self._chance.choice
        request = PruneRequest(
            ended_before=self._clock.now() - choice((LEASE, 10 * LEASE)),
            statuses=choice(((), (RunStatus.FAILED, RunStatus.RUNNING))),
            workflows=choice(((), _WORKFLOWS[:1])),
            limit=self._chance.randint(1, 3),
        )
        return lambda world: world.retention.prune(request)

    def _workflows(self) -> frozenset[str]:
        return frozenset(self._chance.choices(_WORKFLOWS, k=2))

    def _queues(self) -> tuple[str, ...]:
        return tuple(self._chance.choices(_QUEUES, k=2))

    def _renew(self) -> Operation:
        beat = heartbeat(
            self._chance.choice(_WORKERS),
            *self._chance.choices(_RUNS, k=3),
            steps=tuple(self._chance.choices(_STEPS, k=3)),
            attempts=self._chance.randint(0, 3),
        )
        return lambda world: world.claims.renew(beat)

    def _unregister(self) -> Operation:
        worker = self._chance.choice(_WORKERS)
        return lambda world: world.claims.unregister(worker)

    def _next_due(self) -> Operation:
        workflows, queues = self._workflows(), self._queues()
        return lambda world: world.claims.next_due(workflows, queues)

    def _nudged(self) -> Operation:
        worker = self._chance.choice(_WORKERS)
        return lambda world: world.claims.nudged(worker)

    def _unblock(self) -> Operation:
        workflow = self._chance.choice(_WORKFLOWS)
        return lambda world: world.claims.unblock({workflow: "d1"})

    def _find(self) -> Operation:
        choice = self._chance.choice
        name, value = choice("xyz"), choice(_VALUES)
        wish = RunFilter(
            ids=choice(((), (), _RUNS[:3])),
            statuses=choice(((), (RunStatus.RUNNING,), _ENDS)),
            workflows=choice(((), (choice(_WORKFLOWS),))),
            attributes=choice(({}, {name: value})),
            parent=choice((None, None, choice(_RUNS))),
            order=choice((RunOrder.NEWEST, RunOrder.NEWEST, *RunOrder)),
        )
        limit = self._chance.randint(1, 9)

        async def find(world: World) -> object:
            page = await world.listing.find(wish, limit=limit)  # with a cursor of the world's own
            return (page.runs, page.cursor is None)

        return find

    def _ended(self) -> Operation:
        return lambda world: world.listing.ended(_RUNS)

    def _read(self) -> Operation:
        run_id, after = self._chance.choice(_RUNS), self._chance.randint(0, 5)
        limit = self._chance.choice((None, 1, 3))
        return lambda world: world.log.read(run_id, after=after, limit=limit)
