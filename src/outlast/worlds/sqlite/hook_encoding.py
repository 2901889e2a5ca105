"""Between hooks and the JSON texts that go through the SQL."""

import msgspec

from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast.worlds.planning import Plan

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


def hook_keys(text: str) -> set[tuple[str, str]]:
    """Tokens and keys."""
    return _decode_pairs(text)
