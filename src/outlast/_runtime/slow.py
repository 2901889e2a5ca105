"""The notice that an attempt has been under way for a while."""

from collections import deque
from typing import Protocol

from outlast._clock import Clock, Micros, Timer


class Attempt(Protocol):
    """An attempt under way."""

    @property
    def started_at(self) -> Micros: ...

    @property
    def over(self) -> bool: ...

    def note_start(self) -> None:
        """It has been under way for the slow time."""
        ...


class SlowAttempts:
    """Notices slow attempts, with one timer for all: they begin in order, so the oldest is in front."""

    def __init__(self, clock: Clock, after: Micros) -> None:
        self._clock, self._after = clock, after
        self._began: deque[Attempt] = deque()
        self._timer: Timer | None = None

    def add(self, attempt: Attempt) -> None:
        """An attempt begins."""
        while self._began and self._began[0].over:
            self._began.popleft()  # so that what is over is not kept in memory
        self._began.append(attempt)
        if self._timer is None:
            self._arm()

    def close(self) -> None:
        """Notice nothing more."""
        self._began.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        when = self._began[0].started_at + self._after
        self._timer = self._clock.call_at(when, self._look, background=True)

    def _look(self) -> None:
        self._timer = None
        limit = self._clock.now() - self._after
        while self._began and (self._began[0].over or self._began[0].started_at <= limit):
            attempt = self._began.popleft()
            if not attempt.over:
                attempt.note_start()
        if self._began:
            self._arm()
