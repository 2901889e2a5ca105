"""The live hooks: finding them, and making public records of their rows."""

from typing import Any, get_args

import msgspec

from outlast._api.hook_schemas import decode_data
from outlast._api.tokens import is_text
from outlast._clock import Micros
from outlast._model.hooks import HookRecord
from outlast._registry.durations import to_datetime
from outlast._runtime.runtime import Runtime
from outlast.errors import HookNotFoundError
from outlast.records import HookInfo, HookPage, HookSort


async def find_hook(runtime: Runtime, token: str) -> HookInfo:
    """The live hook that has the token. Raises `HookNotFoundError`."""
    return hook_info(await live_hook(runtime, token))


async def find_hooks(
    runtime: Runtime, run_id: str | None, limit: int, cursor: str | None, sort: HookSort
) -> HookPage:
    """A page of the hooks."""
    if sort not in get_args(HookSort):
        message = f"sort = {sort!r}: it is {' or '.join(get_args(HookSort))}"
        raise ValueError(message)
    if not 1 <= limit <= 1_000:
        message = f"limit = {limit!r}: it is 1 to 1,000"
        raise ValueError(message)
    page = await runtime.world.listing.hooks(
        run_id, limit=limit, cursor=cursor, oldest_first=sort == "created"
    )
    return HookPage(hooks=tuple(hook_info(one) for one in page.hooks), cursor=page.cursor)


def hook_info(record: HookRecord) -> HookInfo:
    """The public record of a row."""
    data = decode_data(record.data)
    return HookInfo(
        token=record.token,
        run_id=record.run_id,
        id=record.ref,
        kind=record.kind,
        schema=_json(data.schema),
        metadata=_json(data.metadata) or {},
        url=data.url or None,
        created_at=to_datetime(record.created_at),
        expires_at=None if record.expires_at is None else to_datetime(record.expires_at),
    )


async def live_hook(runtime: Runtime, token: str) -> HookRecord:
    """The row of the live hook that has the token. Raises `HookNotFoundError`."""
    found = await runtime.world.listing.hook(token) if is_text(token) else None
    if found is None or has_expired(found, runtime.clock.now()):
        raise HookNotFoundError(token)
    return found


def has_expired(record: HookRecord, now: Micros) -> bool:
    """Whether nothing is delivered to a hook any more."""
    return record.expires_at is not None and record.expires_at <= now


def _json(payload: msgspec.Raw) -> Any:
    return msgspec.json.decode(payload) if payload else None
