"""Runs that stay in memory for a while after nothing runs any more: what they wait for may come at once."""

from collections import OrderedDict
from typing import Protocol

from outlast._clock import Clock, Micros, Timer


class LiveRun(Protocol):
    """A run in which nothing runs."""

    def suspend(self) -> None:
        """Let go, unless something is under way by now."""
        ...


class Lingering:
    """Suspends idle runs once they have been idle for so long, with one timer for all."""

    def __init__(self, clock: Clock, length: Micros) -> None:
        self._clock, self._length = clock, length
        self._runs: OrderedDict[LiveRun, Micros] = OrderedDict()
        """By the times at which they are to let go."""
        self._timer: Timer | None = None

    def add(self, live: LiveRun) -> None:
        """Suspend the run after a while, if it still is idle then."""
        self._runs[live] = self._clock.now() + self._length
        self._runs.move_to_end(live)
        if self._timer is None:
            self._arm()

    def forget(self, live: LiveRun) -> None:
        """The run has left. Idempotent."""
        self._runs.pop(live, None)

    def close(self) -> None:
        """Suspend nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        if self._runs:
            when = next(iter(self._runs.values()))
            self._timer = self._clock.call_at(when, self._end)

    def _end(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._runs and next(iter(self._runs.values())) <= now:
            live, _ = self._runs.popitem(last=False)
            live.suspend()
        self._arm()
