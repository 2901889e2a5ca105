"""What a world has to read before a batch can be planned."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from outlast._model.hooks import HookRecord
from outlast.world import Advance, Batch, End, RunDraft, StepKey


class Wanted(msgspec.Struct, frozen=True):
    """The runs, idempotency keys, dispatched steps and tokens that a batch speaks of."""

    run_ids: tuple[str, ...]
    keys: tuple[str, ...]
    seen: dict[str, int]
    """Run id -> the lowest `seen` of its advances: from there on the log may be needed. 0, if what others than
    the owner write comes again: it may be anywhere."""
    steps: tuple[StepKey, ...] = ()
    """The dispatched steps that are settled. Of the others nothing needs to be known."""
    tokens: tuple[str, ...] = ()
    """The tokens that somebody wants to have or delivers to. The runs of the hooks that have them are wanted
    too: see `with_owners`."""
    hook_keys: tuple[tuple[str, str], ...] = ()
    """Tokens and keys that are delivered."""


def wanted(batch: Batch) -> Wanted:
    """What has to be known to plan the batch."""
    drafts = (*batch.creates, *_children(batch))
    seen: dict[str, int] = {}
    for advance in batch.advances:
        seen[advance.run_id] = min(advance.seen, seen.get(advance.run_id, advance.seen))
    if batch.again:
        seen.update({append.run_id: 0 for append in batch.appends if append.events})
        seen.update({settle.run_id: 0 for settle in batch.settles if settle.events})
    run_ids = dict.fromkeys(draft.id for draft in drafts)
    run_ids.update(dict.fromkeys(seen))
    run_ids.update(dict.fromkeys(append.run_id for append in batch.appends))
    run_ids.update(dict.fromkeys(_notified(batch.advances)))
    run_ids.update(dict.fromkeys(settle.run_id for settle in batch.settles))
    keys = dict.fromkeys(draft.idempotency_key for draft in drafts if draft.idempotency_key)
    steps = dict.fromkeys(StepKey(settle.run_id, settle.ref) for settle in batch.settles)
    run_ids.update(dict.fromkeys(delivery.run_id for delivery in batch.deliveries))
    return Wanted(
        tuple(run_ids),
        tuple(keys),
        seen,
        tuple(steps),
        tuple(dict.fromkeys(_tokens(batch))),
        tuple(dict.fromkeys(_hook_keys(batch))),
    )


def with_owners(needs: Wanted, hooks: Iterable[HookRecord]) -> Wanted:
    """The same, with the runs that have the wanted tokens."""
    run_ids = dict.fromkeys((*needs.run_ids, *(hook.run_id for hook in hooks)))
    return replace(needs, run_ids=tuple(run_ids))


def start_key(draft: RunDraft) -> str:
    """The key with which the delivery of a start goes to a hook that is there already."""
    return draft.idempotency_key or draft.id


def _tokens(batch: Batch) -> Iterator[str]:
    for draft in batch.creates:
        if draft.token is not None:
            yield draft.token
    for advance in batch.advances:
        for hook in advance.opens:
            yield hook.token
    for delivery in batch.deliveries:
        yield delivery.token


def _hook_keys(batch: Batch) -> Iterator[tuple[str, str]]:
    for draft in batch.creates:
        if draft.token is not None:
            yield draft.token, start_key(draft)
    for delivery in batch.deliveries:
        if delivery.key is not None:
            yield delivery.token, delivery.key


def _children(batch: Batch) -> Iterator[RunDraft]:
    for advance in batch.advances:
        yield from advance.children


def _notified(advances: tuple[Advance, ...]) -> Iterator[str]:
    for advance in advances:
        if isinstance(advance.then, End) and advance.then.notify is not None:
            yield advance.then.notify.run_id
