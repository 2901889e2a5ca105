"""Planning without reading first."""

from outlast._model.runs import RunStatus
from outlast.world import Advance, Batch, End
from outlast.worlds.planning.records import Known, RunState


def predicted(batch: Batch) -> Known | None:
    """What a world most likely has about the runs of the batch; `None` where nobody can tell.

    An owner nearly always has seen the whole log of what it still owns, and what is created is
    nearly always new. A plan made on this is right if and only if, when it is written, every row is what
    its `Growth` says and no created id or key exists; a world that checks this saves the reading.
    """
    if batch.appends or not all(map(_is_plain, batch.advances)):
        return None
    states: dict[str, RunState] = {}
    for advance in batch.advances:
        if advance.run_id not in states:
            states[advance.run_id] = RunState(RunStatus.RUNNING, advance.epoch, advance.seen, 0, {})
    for draft in batch.creates:
        states.pop(draft.id, None)
    return Known(states, {}, {})


def _is_plain(advance: Advance) -> bool:
    """Whether it touches nothing but its own log and the fields that it sets whole."""
    notifies = isinstance(advance.then, End) and advance.then.notify is not None
    return not advance.attributes and not notifies
