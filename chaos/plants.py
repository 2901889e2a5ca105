"""Rules broken on purpose, to see that the checker finds it. Known to the worker program of the chaos and to the
tests of the checker only: nothing in the library can do this."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from msgspec.structs import replace

from outlast._codec import decode_event, encode_event
from outlast._model.events import StepCompleted, StepStarted
from outlast.world import Advance, Batch, EventDraft, StoredEvent, Suspend, World

Plant: TypeAlias = Callable[[Batch, World], Awaitable[Batch]]
"""Spoils a batch on its way to the world."""


async def old_epoch(batch: Batch, world: World) -> Batch:
    """The epoch is not checked: what a zombie writes is taken for its successor's."""
    return replace(
        batch, advances=tuple([await _in_time(advance, world) for advance in batch.advances])
    )


async def lost_event(batch: Batch, _: World) -> Batch:
    """Results of one step are acknowledged and not written. In their place stands an event that nothing rests on."""

    def lost(draft: EventDraft) -> tuple[EventDraft, ...]:
        event = decode_event(StoredEvent(0, 0, draft.kind, draft.data)).event
        if not isinstance(event, StepCompleted) or event.name != "chaos.mark":
            return (draft,)
        shown = StepStarted(
            id=event.id, name=event.name, attempt=event.attempt, started_at=event.started_at
        )
        return (encode_event(shown),)

    return _rewritten(batch, lost)


async def twice(batch: Batch, _: World) -> Batch:
    """Results of steps are recorded twice."""

    def doubled(draft: EventDraft) -> tuple[EventDraft, ...]:
        return (draft, draft) if draft.kind == "step_completed" else (draft,)

    return _rewritten(batch, doubled)


async def left_asleep(batch: Batch, _: World) -> Batch:
    """Some runs that sleep are never due again."""
    advances = [
        replace(advance, then=replace(advance.then, due_at=None))
        if isinstance(advance.then, Suspend) and advance.run_id[-1] in "02468"
        else advance
        for advance in batch.advances
    ]
    return replace(batch, advances=tuple(advances))


PLANTS: Final[dict[str, Plant]] = {
    "old-epoch": old_epoch,
    "lost-event": lost_event,
    "twice": twice,
    "left-asleep": left_asleep,
}


async def _in_time(advance: Advance, world: World) -> Advance:
    run = await world.listing.get(advance.run_id)
    return advance if run is None else replace(advance, epoch=run.epoch)


def _rewritten(batch: Batch, rewrite: Callable[[EventDraft], tuple[EventDraft, ...]]) -> Batch:
    advances = [
        replace(advance, events=tuple([new for event in advance.events for new in rewrite(event)]))
        for advance in batch.advances
    ]
    return replace(batch, advances=tuple(advances))
