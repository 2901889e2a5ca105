"""Between hooks and what goes through the SQL."""

from typing import Any

import asyncpg
import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast.worlds.planning import Plan
from outlast.worlds.postgres.encoding import json_text


def hook_changes(planned: Plan) -> str:
    """What the plan does to hooks, as write_hooks_v1 takes it."""
    changes = planned.hooks
    return json_text(
        {
            "used": [_place(hook) for hook in changes.used.values()],
            "disposed": [{"run_id": run_id, "ref": ref} for run_id, ref in changes.disposed],
            "freed": [_place(hook) for hook in changes.freed.values() if hook is not None],
            "put": [
                {
                    **_place(hook),
                    "kind": hook.kind,
                    "created_at": hook.created_at,
                    "expires_at": hook.expires_at,
                    "data": hook.data.decode(),
                }
                for hook in changes.put.values()
            ],
            "keys": [{"token": token, "key": key} for token, key in changes.keys],
        }
    )


def hook_record(row: asyncpg.Record) -> HookRecord:
    """The row of a hook."""
    return HookRecord(
        token=row["token"],
        run_id=row["run_id"],
        ref=row["ref"],
        kind=row["kind"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        data=row["data"].encode(),
    )


class _HookRow(msgspec.Struct, array_like=True):
    token: str
    run_id: str
    ref: str
    kind: str
    created_at: Micros
    expires_at: Micros | None
    data: str


def hook_records(text: str) -> dict[str, HookRecord]:
    """The rows of hooks, by their tokens."""
    return {
        row.token: HookRecord(
            token=row.token,
            run_id=row.run_id,
            ref=row.ref,
            kind=row.kind,
            created_at=row.created_at,
            expires_at=row.expires_at,
            data=row.data.encode(),
        )
        for row in _decode_hooks(text)
    }


def hook_keys(text: str) -> set[tuple[str, str]]:
    """Tokens and keys."""
    return _decode_pairs(text)


def _place(hook: HookRecord) -> dict[str, Any]:
    return {"token": hook.token, "run_id": hook.run_id, "ref": hook.ref}


_decode_hooks = msgspec.json.Decoder(list[_HookRow]).decode
_decode_pairs = msgspec.json.Decoder(set[tuple[str, str]]).decode
