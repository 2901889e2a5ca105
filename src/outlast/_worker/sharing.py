"""How much a worker takes at once, so that workers on one world end up with about as much each.

A worker that is alone takes what it has room for. Beside others it begins with a few and doubles with each
claim that was full, and before each claim it gives way the longer, the more it holds already: whoever has
less to do comes first. Nothing waits for the sake of fairness alone: after the pause it takes what nobody
else has taken.
"""

from collections.abc import Sequence
from typing import Final

from outlast._clock import SECOND, Micros
from outlast._model.workers import WorkerRecord

CLAIM_LIMIT: Final = 200
"""The most that all workers together take in a round of claims, one claim of each."""
FIRST_CLAIM: Final = 16
"""The same for the first round, unless there is one worker only."""
PAUSE_PER_HELD: Final[Micros] = SECOND // 10_000
LONGEST_PAUSE: Final[Micros] = SECOND // 20


class Neighbours:
    """How many workers serve some of the same queues, this one included."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._queues = frozenset(queues)
        self.count = 1

    def see(self, workers: Sequence[WorkerRecord], lease: Micros) -> None:
        """Count those with a common queue and a heartbeat that is no lease older than the newest: a
        dead one may be listed still. (Their heartbeats have the world's time; this host's may differ.)"""
        newest = max((worker.heartbeat_at for worker in workers), default=0)
        alive = [worker for worker in workers if newest - worker.heartbeat_at <= lease]
        self.count = max(1, sum(not self._queues.isdisjoint(worker.queues) for worker in alive))


class Share:
    """What one worker takes of what is due."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._round = FIRST_CLAIM

    def limit(self, room: int) -> int:
        """The most to take with the next claim; 0 if there is no room."""
        count = self._neighbours.count
        together = CLAIM_LIMIT if count == 1 else self._round
        return max(0, min(room, -(-together // count)))

    def took(self, number: int, limit: int) -> bool:
        """A claim was made; whether it was full, so that there may be more."""
        full = number == limit
        self._round = min(2 * self._round, CLAIM_LIMIT) if full else FIRST_CLAIM
        return full

    def pause(self, held: int) -> Micros:
        """How long to give way before the next claim."""
        return 0 if self._neighbours.count == 1 else min(held * PAUSE_PER_HELD, LONGEST_PAUSE)
