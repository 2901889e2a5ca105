"""Between dispatched steps and the JSON texts that go through the SQL."""

from collections.abc import Iterable

import msgspec

from outlast._model.runs import Attributes
from outlast.world import ClaimedStep, StepKey
from outlast.worlds.planning import Plan, StepState

_encode = msgspec.json.encode


class _StateRow(msgspec.Struct, array_like=True):
    run_id: str
    ref: str
    epoch: int
    held: int


class _ClaimedRow(msgspec.Struct, array_like=True):
    run_id: str
    ref: str
    name: str
    epoch: int
    attempt: int
    recoveries: int
    workflow: str
    attributes: Attributes
    data: str


_decode_states = msgspec.json.Decoder(list[_StateRow]).decode
_decode_claimed = msgspec.json.Decoder(list[_ClaimedRow]).decode
_decode_keys = msgspec.json.Decoder(list[tuple[str, str]]).decode


def step_changes(planned: Plan) -> str | None:
    """What the plan does to the queue of steps, as commit.sql takes it; `None` for nothing. What
    ended runs have there goes without being named."""
    if not (planned.removed or planned.requeued or planned.dispatched):
        return None
    changes = {
        "removed": _pairs(planned.removed),
        "requeued": [
            (key.run_id, key.ref, step.attempt, step.due_at)
            for key, step in planned.requeued.items()
        ],
        "dispatched": [
            (
                key.run_id,
                key.ref,
                step.name,
                step.queue,
                step.priority,
                step.attempt,
                step.due_at,
                step.data.decode(),
            )
            for key, step in planned.dispatched.items()
        ],
    }
    return _encode(changes).decode()


def keys_text(keys: Iterable[StepKey]) -> str:
    """The keys, as the queries take them."""
    return _encode(_pairs(keys)).decode()


def step_states(text: str) -> dict[StepKey, StepState]:
    """Key -> state."""
    return {
        StepKey(row.run_id, row.ref): StepState(row.epoch, bool(row.held))
        for row in _decode_states(text)
    }


def claimed_steps(text: str) -> tuple[ClaimedStep, ...]:
    """The rows of steps that were taken."""
    return tuple([_claimed(row) for row in _decode_claimed(text)])


def step_keys(text: str) -> frozenset[StepKey]:
    """The keys of steps."""
    return frozenset([StepKey(*pair) for pair in _decode_keys(text)])


def _pairs(keys: Iterable[StepKey]) -> list[tuple[str, str]]:
    return [(key.run_id, key.ref) for key in keys]


def _claimed(row: _ClaimedRow) -> ClaimedStep:
    return ClaimedStep(
        key=StepKey(row.run_id, row.ref),
        name=row.name,
        epoch=row.epoch,
        attempt=row.attempt,
        recoveries=row.recoveries,
        workflow=row.workflow,
        attributes=row.attributes,
        data=row.data.encode(),
    )
