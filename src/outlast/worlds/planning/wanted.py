"""What a world has to read before a batch can be planned."""

from collections.abc import Iterator

import msgspec

from outlast.world import Advance, Batch, End, RunDraft, StepKey


class Wanted(msgspec.Struct, frozen=True):
    """The runs, idempotency keys and dispatched steps that a batch speaks of."""

    run_ids: tuple[str, ...]
    keys: tuple[str, ...]
    seen: dict[str, int]
    """Run id -> the lowest `seen` of its advances: from there on the log may be needed."""
    steps: tuple[StepKey, ...] = ()
    """The dispatched steps that are settled. Of the others nothing needs to be known."""


def wanted(batch: Batch) -> Wanted:
    """What has to be known to plan the batch."""
    drafts = (*batch.creates, *_children(batch))
    seen: dict[str, int] = {}
    for advance in batch.advances:
        seen[advance.run_id] = min(advance.seen, seen.get(advance.run_id, advance.seen))
    run_ids = dict.fromkeys(draft.id for draft in drafts)
    run_ids.update(dict.fromkeys(seen))
    run_ids.update(dict.fromkeys(append.run_id for append in batch.appends))
    run_ids.update(dict.fromkeys(_notified(batch.advances)))
    run_ids.update(dict.fromkeys(settle.run_id for settle in batch.settles))
    keys = dict.fromkeys(draft.idempotency_key for draft in drafts if draft.idempotency_key)
    steps = dict.fromkeys(StepKey(settle.run_id, settle.ref) for settle in batch.settles)
    return Wanted(tuple(run_ids), tuple(keys), seen, tuple(steps))


def _children(batch: Batch) -> Iterator[RunDraft]:
    for advance in batch.advances:
        yield from advance.children


def _notified(advances: tuple[Advance, ...]) -> Iterator[str]:
    for advance in advances:
        if isinstance(advance.then, End) and advance.then.notify is not None:
            yield advance.then.notify.run_id
