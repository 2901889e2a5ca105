"""How much a worker takes at once, so that workers on one world end up with about as much each.

A worker begins with a few. If there is more, and it is alone, it goes on with all that it has room for.
Beside others it takes half as much again after each claim that was full, but only while it works off what
it takes; and before each claim it gives way the longer, the more it holds already: whoever has less to do
comes first. So short runs are taken many at a time, and long ones are dealt out. Nothing waits for the sake of
fairness alone: after the pause it takes what nobody else has taken.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from outlast._clock import SECOND, Clock, Micros, holding, to_seconds
from outlast._model.workers import WorkerRecord
from outlast._runtime.runtime import Runtime

CLAIM_LIMIT: Final = 200
"""The most that all workers together take in a round of claims, one claim of each."""
FIRST_CLAIM: Final = 16
"""The same for the first round."""
PAUSE_PER_HELD: Final[Micros] = SECOND // 500
LONGEST_PAUSE: Final[Micros] = SECOND // 20
KNOWN_FOR: Final = 1.0
"""Seconds after which a worker that holds something looks again who else is there."""


class Counting(Protocol):
    """Counts the workers that serve some of the same queues, this one included."""

    count: int

    async def look(self) -> None:
        """Count them anew."""
        ...

    def age(self) -> float:
        """How many seconds ago that was."""
        ...


class Neighbours:
    """How many workers serve some of the same queues, this one included."""

    def __init__(self, runtime: Runtime) -> None:
        self.count = 1
        self._runtime = runtime
        self._looked_at = 0.0

    async def look(self) -> None:
        """See `Counting`."""
        self._looked_at = self._runtime.loop.time()
        options = self._runtime.options
        workers = await self._runtime.world.listing.workers()
        self.count = count_neighbours(workers, options.queues, options.lease)

    def age(self) -> float:
        """See `Counting`."""
        return self._runtime.loop.time() - self._looked_at


class Share:
    """What one worker takes of what is due."""

    def __init__(self, neighbours: Counting) -> None:
        self._neighbours = neighbours
        self._round = FIRST_CLAIM

    def limit(self, room: int) -> int:
        """The most to take with the next claim; 0 if there is no room."""
        return max(0, min(room, self._whole()))

    def at_hand(self, room: int, held: int) -> int:
        """The most to take of what a commit of this process wakes: beside others no more than what makes up a
        first claim."""
        if self._neighbours.count == 1:
            return max(0, min(room, CLAIM_LIMIT))
        return max(0, min(room, -(-FIRST_CLAIM // self._neighbours.count) - held))

    async def took(self, number: int, limit: int, *, held: int) -> bool:
        """A claim was made by a worker that held so much before; whether it was full, so that there may be more. Then, if there may be room
        too, it is time to look who else is there by now."""
        if number < limit:
            self._round = FIRST_CLAIM
            return False
        if limit == self._whole():
            await self._neighbours.look()
            self._grow(keeps_up=held <= limit)
        return True

    async def give_way(self, held: int, clock: Clock) -> None:
        """Let others come first, before the next claim."""
        if held and self._neighbours.age() > KNOWN_FOR:
            await self._neighbours.look()
        if pause := self.pause(held):
            # Of real time, whatever the clock tells: it is the other processes that need it.
            with holding(clock):
                loop = asyncio.get_running_loop()
                over = loop.create_future()
                loop.call_later(to_seconds(pause), _set_unless_done, over)
                await over

    def pause(self, held: int) -> Micros:
        """How long that takes."""
        return 0 if self._neighbours.count == 1 else min(held * PAUSE_PER_HELD, LONGEST_PAUSE)

    def _grow(self, *, keeps_up: bool) -> None:
        if self._neighbours.count == 1:
            self._round = CLAIM_LIMIT
        elif keeps_up:
            self._round = min(self._round * 3 // 2, CLAIM_LIMIT)

    def _whole(self) -> int:
        return -(-self._round // self._neighbours.count)


def count_neighbours(workers: Sequence[WorkerRecord], queues: Sequence[str], lease: Micros) -> int:
    """Count those with a common queue and a heartbeat that is no lease older than the newest: a
    dead one may be listed still. (Their heartbeats have the world's time; this host's may differ.)"""
    newest = max((worker.heartbeat_at for worker in workers), default=0)
    alive = [worker for worker in workers if newest - worker.heartbeat_at <= lease]
    return max(1, sum(not set(queues).isdisjoint(worker.queues) for worker in alive))


def _set_unless_done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
