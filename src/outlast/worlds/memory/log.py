"""Writing runs and reading their logs, in memory."""

from msgspec.structs import replace

from outlast._clock import Clock, Micros
from outlast._model.runs import RunRecord
from outlast.world import Batch, Receipt, StoredEvent
from outlast.worlds.memory.tables import Tables
from outlast.worlds.memory.taking import take_woken
from outlast.worlds.planning import (
    Growth,
    Known,
    Plan,
    RunState,
    StepState,
    Turn,
    plan,
    wanted,
    with_owners,
)


class MemoryLog:
    """The event logs of all runs."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    async def commit(self, batch: Batch) -> Receipt:
        """Plan the batch and write it down."""
        self._tables.check_open()
        planned = plan(batch, self._known(batch), self._clock.now())
        self._write(planned)
        self._tables.news.written()
        if batch.claim is None:
            return planned.receipt
        taken = take_woken(self._tables, planned.woken, batch.claim, planned.receipt.at)
        return replace(planned.receipt, claimed=taken)

    async def read(
        self, run_id: str, *, after: int = 0, limit: int | None = None
    ) -> tuple[StoredEvent, ...]:
        """The events of a log from position `after` on."""
        self._tables.check_open()
        end = None if limit is None else after + limit
        return tuple(self._tables.logs.get(run_id, ())[after:end])

    def _known(self, batch: Batch) -> Known:
        tables, needs = self._tables, wanted(batch)
        hooks = {token: tables.hooks[token] for token in needs.tokens if token in tables.hooks}
        needs = with_owners(needs, hooks.values())
        states = {
            run_id: self._state(tables.runs[run_id])
            for run_id in needs.run_ids
            if run_id in tables.runs
        }
        keys = {key: tables.keys[key] for key in needs.keys if key in tables.keys}
        steps = {
            step.key: StepState(step.epoch, step.worker is not None)
            for step in map(tables.steps.get, needs.steps)
            if step is not None
        }
        delivered = {
            (token, key) for token, key in needs.hook_keys if key in tables.hook_keys.get(token, ())
        }
        return Known(states, keys, tables.logs, steps, hooks, delivered)

    def _state(self, run: RunRecord) -> RunState:
        last_at = self._tables.logs[run.id][-1].at
        return RunState(run.status, run.epoch, run.position, last_at, run.attributes)

    def _write(self, planned: Plan) -> None:
        tables = self._tables
        for run in planned.created:
            tables.put(run)
            tables.logs[run.id] = []
            if run.idempotency_key is not None:
                tables.keys[run.idempotency_key] = run.id
        for run_id, growth in planned.grown.items():
            self._grow(run_id, growth)
        for run_id, turn in planned.turned.items():
            tables.put(_turned(tables.runs[run_id], turn))
        for run_id in planned.woken:
            self._wake(run_id, planned.receipt.at)
        for run_id, attributes in planned.attributes.items():
            tables.put(replace(tables.runs[run_id], attributes=attributes))
        for run_id, event in planned.events:
            tables.logs[run_id].append(event)
        self._write_steps(planned)
        self._write_hooks(planned)

    def _write_steps(self, planned: Plan) -> None:
        steps = self._tables.steps
        ended = set(planned.emptied)
        if ended:
            for key in [key for key in steps if key.run_id in ended]:
                del steps[key]
        for key in planned.removed:
            steps.pop(key, None)
        for key, requeue in planned.requeued.items():
            steps[key] = replace(
                steps[key],
                attempt=requeue.attempt,
                due_at=requeue.due_at,
                worker=None,
                recoveries=0,
            )
        for key, step in planned.dispatched.items():
            self._tables.put_step(key, step)

    def _write_hooks(self, planned: Plan) -> None:
        tables, changes = self._tables, planned.hooks
        gone = [token for run_id in planned.emptied for token in tables.tokens.get(run_id, ())]
        for run_id, ref in changes.disposed:
            gone += [one for one in tables.tokens.get(run_id, ()) if tables.hooks[one].ref == ref]
        for token in (*gone, *changes.freed):
            tables.remove_hook(token)
        for hook in changes.put.values():
            tables.put_hook(hook)
        for token, key in changes.keys:
            tables.hook_keys.setdefault(token, set()).add(key)

    def _grow(self, run_id: str, growth: Growth) -> None:
        run = self._tables.runs[run_id]
        recoveries = 0 if growth.progress else run.recoveries
        self._tables.put(replace(run, position=growth.position, recoveries=recoveries))
        if growth.nudged:
            self._tables.nudged.add(run_id)
        elif growth.nudged is False:
            self._tables.nudged.discard(run_id)

    def _wake(self, run_id: str, at: Micros) -> None:
        run = self._tables.runs[run_id]
        due_at = at if run.due_at is None else min(run.due_at, at)
        self._tables.put(replace(run, due_at=due_at))


def _turned(run: RunRecord, turn: Turn) -> RunRecord:
    return replace(
        run,
        status=turn.status,
        due_at=turn.due_at,
        worker=None,
        waiting=turn.waiting,
        problem=turn.problem,
        blocked_digest=turn.blocked_digest,
        ended_at=turn.ended_at,
    )
