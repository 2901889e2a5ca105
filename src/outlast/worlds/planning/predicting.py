"""Planning without reading first."""

from itertools import chain

from outlast._model.runs import RunStatus
from outlast.world import Advance, Batch, End
from outlast.worlds.planning.records import Known, RunState


def predicted(batch: Batch) -> Known | None:
    """What a world most likely has about the runs of the batch; `None` where nobody can tell.

    An owner nearly always has seen the whole log of what it still owns, and what is created is
    nearly always new. A plan made on this is right if and only if, when it is written, every row is what
    its `Growth` says and no created id or key exists; a world that checks this saves the reading.
    Steps that owners dispatch or withdraw rest on nothing but that. Where a settle finds the log of its
    run, only the world knows; and who has a token.
    """
    if batch.appends or batch.settles or batch.deliveries:
        return None
    if any(draft.token is not None for draft in batch.creates):
        return None
    if not all(map(_is_plain, batch.advances)) or _shares_a_key(batch):
        return None
    states: dict[str, RunState] = {}
    for advance in batch.advances:
        if advance.run_id not in states:
            states[advance.run_id] = RunState(RunStatus.RUNNING, advance.epoch, advance.seen, 0, {})
    for draft in batch.creates:
        states.pop(draft.id, None)
    return Known(states, {}, {})


def _shares_a_key(batch: Batch) -> bool:
    """Whether a draft may give way to another of the batch: then it would be written nowhere, and
    nothing would check whether its id exists."""
    drafts = chain(batch.creates, *(advance.children for advance in batch.advances))
    keys = [draft.idempotency_key for draft in drafts if draft.idempotency_key is not None]
    return len(set(keys)) < len(keys)


def _is_plain(advance: Advance) -> bool:
    """Whether it touches nothing but its own log and the fields that it sets whole."""
    notifies = isinstance(advance.then, End) and advance.then.notify is not None
    return not advance.attributes and not notifies and not advance.opens
