"""Runs that commits of this process have woken and claimed, on their way into memory."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from outlast._clock import SECOND, Clock, Micros, Timer
from outlast.world import ClaimedRun

LOOK_AGAIN: Final[Micros] = SECOND // 500
"""After so long it is looked again whether payloads are still being written."""
BUNCH: Final = 25
"""So many come to life in one turn of the loop: what they write goes together."""
PATIENCE: Final[Micros] = SECOND
"""So long a run gives way to them at most."""


class Awaking:
    """Brings claimed runs to life, a few in a turn of the host's loop, so that others have their turns in between.

    Whoever has sent a payload waits to hear that it is recorded, and may give up; the runs of those payloads that are
    recorded can wait a little. So while payloads are being written the runs give way, for a bounded time.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        delivering: Callable[[], bool],
        call_soon: Callable[..., None],
        adopt: Callable[[ClaimedRun], None],
    ) -> None:
        self._clock, self._delivering = clock, delivering
        self._call_soon, self._adopt = call_soon, adopt
        self._waiting: deque[tuple[Micros, ClaimedRun]] = deque()
        """Since when, and which."""
        self._scheduled = False
        self._timer: Timer | None = None

    @property
    def run_ids(self) -> Sequence[str]:
        """The runs that are claimed and not live yet."""
        return [one.run.id for _, one in self._waiting]

    def add(self, claimed: ClaimedRun) -> None:
        """Bring the run to life soon."""
        self._waiting.append((self._clock.now(), claimed))
        self._schedule()

    def close(self) -> None:
        """Bring nothing to life any more. Idempotent."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._call_soon(self._next)

    def _next(self) -> None:
        self._scheduled, self._timer = False, None
        if not self._waiting:
            return
        now, since = self._clock.now(), self._waiting[0][0]
        if self._delivering() and now - since < PATIENCE:
            self._scheduled = True
            self._timer = self._clock.call_at(now + LOOK_AGAIN, self._next)
            return
        bunch = [self._waiting.popleft()[1] for _ in range(min(len(self._waiting), BUNCH))]
        if self._waiting:
            self._schedule()
        for claimed in bunch:
            self._call_soon(self._adopt, claimed)
