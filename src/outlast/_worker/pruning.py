"""Deleting runs that ended long ago, a few at a time."""

from typing import Final

from outlast._clock import SECOND, Micros, sleep_until
from outlast._runtime.runtime import Runtime
from outlast.world import PruneRequest

PRUNE_EVERY: Final[Micros] = 60 * SECOND
"""How often it is looked for runs to delete."""
PRUNE_PAUSE: Final[Micros] = SECOND // 10
"""How long others may write between two batches."""
PRUNE_LIMIT: Final = 500
"""The runs of a batch."""


async def prune_for_ever(runtime: Runtime, age: Micros) -> None:
    """Delete what ended longer than `age` ago, as it becomes so old. Several workers may do it at once."""
    while True:
        wanted = PruneRequest(ended_before=runtime.clock.now() - age, limit=PRUNE_LIMIT)
        more = await runtime.world.retention.prune(wanted) == PRUNE_LIMIT
        pause = PRUNE_PAUSE if more else PRUNE_EVERY
        await sleep_until(runtime.clock, runtime.clock.now() + pause, background=True)
