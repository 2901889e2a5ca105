"""Between hooks and the JSON texts that go through the SQL."""

from typing import Any

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._model.runs import RunStatus
from outlast.worlds.planning import Plan, RunState

_encode = msgspec.json.encode


class _HookRow(msgspec.Struct, array_like=True):
    token: str
    run_id: str
    ref: str
    kind: str
    created_at: Micros
    expires_at: Micros | None
    data: str


_decode_hooks = msgspec.json.Decoder(list[_HookRow]).decode
_decode_pairs = msgspec.json.Decoder(set[tuple[str, str]]).decode


def hook_changes(planned: Plan) -> str | None:
    """What the plan does to hooks, as commit.sql takes it; `None` for nothing. What ended runs have goes
    without being named."""
    changes = planned.hooks
    if not changes:
        return None
    return _encode(
        {
            "used": used_hooks(planned),
            "disposed": list(changes.disposed),
            "freed": list(changes.freed),
            "put": [
                (
                    hook.token,
                    hook.run_id,
                    hook.ref,
                    hook.kind,
                    hook.created_at,
                    hook.expires_at,
                    hook.data.decode(),
                )
                for hook in changes.put.values()
            ],
            "keys": list(changes.keys),
        }
    ).decode()


def used_hooks(planned: Plan) -> list[tuple[str, str, str]]:
    """The hooks that the plan delivers to."""
    return [(hook.token, hook.run_id, hook.ref) for hook in planned.hooks.used.values()]


def hook_records(text: str) -> list[HookRecord]:
    """The rows of hooks."""
    return [
        HookRecord(
            token=row.token,
            run_id=row.run_id,
            ref=row.ref,
            kind=row.kind,
            created_at=row.created_at,
            expires_at=row.expires_at,
            data=row.data.encode(),
        )
        for row in _decode_hooks(text)
    ]


def hook_and_run(row: tuple[Any, ...]) -> tuple[HookRecord, RunState]:
    """The row of a hook, and where its run stands: without attributes, which are not asked for."""
    token, run_id, ref, kind, created_at, expires_at, data, *stands = row
    status, epoch, position, last_at = stands
    hook = HookRecord(
        token=token,
        run_id=run_id,
        ref=ref,
        kind=kind,
        created_at=created_at,
        expires_at=expires_at,
        data=data.encode(),
    )
    return hook, RunState(RunStatus(status), epoch, position, last_at, {})


def hook_keys(text: str) -> set[tuple[str, str]]:
    """Tokens and keys."""
    return _decode_pairs(text)
