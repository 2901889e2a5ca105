"""A plan as the parameters of write_plan_v1 and write_plan_v2."""

from typing import Any, TypeAlias

import msgspec

from outlast._clock import Micros
from outlast._model.runs import Attributes, RunRecord, RunStatus
from outlast.world import Batch, ClaimRequest, StepKey
from outlast.worlds.planning import Growth, Plan, Turn
from outlast.worlds.postgres.encoding import attribute_name, attribute_value, json_text

Column: TypeAlias = "list[Any] | None"
"""An array of the function's; NULL where no row has anything there."""


def changes_nothing(planned: Plan) -> bool:
    """Whether there is nothing to write."""
    return not (planned.created or planned.grown)


def is_urgent(planned: Plan) -> bool:
    """Whether others wait for what the plan does: there is work for them, or a run is over."""
    return bool(
        planned.turned
        or len(planned.woken) > len(planned.receipt.claimed)
        or planned.receipt.nudged
        or planned.removed
        or planned.requeued
        or planned.dispatched
        or any(run.worker is None for run in planned.created)
    )


def only_growth(planned: Plan) -> tuple[Any, ...] | None:
    """The plan as parameters of `advance_one`, if all that it does is to put one event into the log of a
    run whose owner goes on."""
    if len(planned.events) != 1 or len(planned.grown) != 1 or planned.created:
        return None
    if planned.attributes or planned.hooks or is_urgent(planned):
        return None
    ((run_id, growth),) = planned.grown.items()
    if growth.status is not RunStatus.RUNNING or growth.nudged is not False:
        return None
    event = planned.events[0][1]
    return (
        run_id,
        growth.epoch,
        growth.base,
        growth.at,
        growth.progress,
        event.kind,
        event.data,
    )


def plan_parameters(planned: Plan, batch: Batch) -> tuple[Any, ...]:
    """The plan as parameters of `write_plan`, except for the wishes."""
    new = {run.id: number for number, run in enumerate(planned.created, 1)}
    # In the order in which the rows are locked: the same in every process.
    old = sorted([run_id for run_id in planned.grown if run_id not in new])
    indexes = new | {run_id: number for number, run_id in enumerate(old, len(new) + 1)}
    return (
        planned.receipt.at,
        _created(planned),
        _searched(planned, indexes),
        *_grown(planned, old),
        *_turned(planned, old),
        *_events(planned, indexes),
        *_settled(planned, batch, indexes, len(new)),
        _queue(planned, indexes),
    )


def claim_parameters(planned: Plan, claim: ClaimRequest, until: int) -> tuple[Any, ...]:
    """What follows in `write_plan_and_claim`: which runs to take of those that the plan wakes."""
    return (
        planned.woken,
        claim.claim.worker,
        claim.claim.lease,
        sorted(claim.workflows),
        claim.queues,
        claim.limit,
        until,
    )


def _created(planned: Plan) -> str | None:
    """New runs as they are at the end of the batch: what else it does to them is in their rows."""
    if not planned.created:
        return None
    woken = frozenset(planned.woken)
    return json_text(
        [
            _new_row(
                run,
                planned.grown.get(run.id),
                planned.turned.get(run.id),
                planned.attributes.get(run.id, run.attributes),
                planned.receipt.at if run.id in woken else None,
            )
            for run in planned.created
        ]
    )


class _NewRow(msgspec.Struct, omit_defaults=True, gc=False):
    """A row of `created`; what is left out is NULL."""

    id: str
    workflow: str
    status: str
    version: str
    queue: str
    priority: int
    attributes: str
    epoch: int
    nudged: bool
    position: int
    last_at: Micros
    created_at: Micros
    waiting: str
    due_at: Micros | None = None
    worker: str | None = None
    started_at: Micros | None = None
    ended_at: Micros | None = None
    parent_id: str | None = None
    parent_ref: str | None = None
    parent_detached: bool | None = None
    idempotency_key: str | None = None
    problem: str | None = None
    blocked_digest: str | None = None


def _new_row(
    run: RunRecord,
    growth: Growth | None,
    turn: Turn | None,
    attributes: Attributes,
    woken_at: Micros | None,
) -> _NewRow:
    row = _NewRow(
        id=run.id,
        workflow=run.workflow,
        status=run.status,
        version=run.version,
        queue=run.queue,
        priority=run.priority,
        attributes=json_text(attributes),
        epoch=run.epoch,
        nudged=False,
        position=run.position,
        last_at=run.created_at,
        created_at=run.created_at,
        waiting="[]",
        due_at=run.due_at,
        worker=run.worker,
        started_at=run.started_at,
        idempotency_key=run.idempotency_key,
    )
    if run.parent is not None:
        row.parent_id, row.parent_ref = run.parent.run_id, run.parent.ref
        row.parent_detached = run.parent.detached
    if growth is not None:
        row.position, row.nudged = growth.position, bool(growth.nudged)
        row.last_at = max(row.last_at, growth.at)
    if turn is not None:
        row.status, row.due_at, row.worker = turn.status, turn.due_at, None
        row.waiting, row.problem = json_text(turn.waiting), _shown(turn.problem)
        row.blocked_digest, row.ended_at = turn.blocked_digest, turn.ended_at
    if woken_at is not None:
        row.due_at = woken_at if row.due_at is None else min(row.due_at, woken_at)
    return row


def _searched(planned: Plan, indexes: dict[str, int]) -> str | None:
    """The rows by which attributes are searched: of each run the last value of each name."""
    named = {run.id: run.attributes for run in planned.created if run.attributes}
    rows = [
        {"run": indexes[run_id], "name": attribute_name(name), "value": attribute_value(value)}
        for run_id, attributes in (named | planned.attributes).items()
        for name, value in attributes.items()
    ]
    return json_text(rows) if rows else None


def _grown(planned: Plan, run_ids: list[str]) -> tuple[Column, ...]:
    if not run_ids:
        return (None,) * 10
    grown = [planned.grown[run_id] for run_id in run_ids]
    woken = frozenset(planned.woken)
    merged = [planned.attributes.get(run_id) for run_id in run_ids] if planned.attributes else []
    return (
        run_ids,
        [growth.status for growth in grown],
        [growth.epoch for growth in grown],
        [growth.base for growth in grown],
        [growth.position for growth in grown],
        [growth.at for growth in grown],
        [growth.progress for growth in grown],
        [growth.nudged for growth in grown],
        [run_id in woken for run_id in run_ids] if woken else None,
        [None if named is None else json_text(named) for named in merged] or None,
    )


def _turned(planned: Plan, run_ids: list[str]) -> tuple[Column, ...]:
    if not planned.turned:
        return (None,) * 6
    turned = [planned.turned.get(run_id) for run_id in run_ids]
    return (
        [turn and turn.status for turn in turned],
        [turn and turn.due_at for turn in turned],
        [turn and json_text(turn.waiting) for turn in turned],
        [turn and _shown(turn.problem) for turn in turned],
        [turn and turn.blocked_digest for turn in turned],
        [turn and turn.ended_at for turn in turned],
    )


def _shown(problem: str | None) -> str | None:
    """A text for people as PostgreSQL can keep it: it has no place for NUL."""
    return problem and problem.replace("\0", "\\0")


def _events(planned: Plan, indexes: dict[str, int]) -> tuple[Column, ...]:
    events = planned.events
    return (
        [indexes[run_id] for run_id, _ in events],
        [event.position for _, event in events],
        [event.at for _, event in events],
        [event.kind for _, event in events],
        [event.data for _, event in events],
    )


def _settled(planned: Plan, batch: Batch, indexes: dict[str, int], new: int) -> tuple[Column, ...]:
    """The steps that the plan takes to be held: at which epochs, in the order in which rows are locked.
    Their runs are counted among those that grow."""
    held = {
        StepKey(settle.run_id, settle.ref): settle.epoch
        for settle, answer in zip(batch.settles, planned.receipt.settled, strict=True)
        if not answer.fenced
    }
    if not held:
        return (None,) * 3
    keys = sorted(held, key=lambda key: (key.run_id, key.ref))
    return (
        [indexes[key.run_id] - new for key in keys],
        [key.ref for key in keys],
        [held[key] for key in keys],
    )


def _queue(planned: Plan, indexes: dict[str, int]) -> str | None:
    """What becomes of the queue of steps. A run that ends may have steps there, so it is asked."""
    if not any((planned.emptied, planned.removed, planned.requeued, planned.dispatched)):
        return None
    return json_text(
        {
            "emptied": [indexes[run_id] for run_id in planned.emptied],
            "removed": [_place(key, indexes) for key in planned.removed],
            "requeued": [
                {**_place(key, indexes), "attempt": step.attempt, "due_at": step.due_at}
                for key, step in planned.requeued.items()
            ],
            "dispatched": [
                {
                    **_place(key, indexes),
                    "name": step.name,
                    "queue": step.queue,
                    "priority": step.priority,
                    "attempt": step.attempt,
                    "due_at": step.due_at,
                    "data": step.data.decode(),
                }
                for key, step in planned.dispatched.items()
            ],
        }
    )


def _place(key: StepKey, indexes: dict[str, int]) -> dict[str, int | str]:
    return {"run": indexes[key.run_id], "ref": key.ref}
