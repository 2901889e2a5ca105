"""The real clock and the real entropy. Nothing else in the library reads the time."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from outlast._clock import SECOND, Micros, Timer, to_seconds

_LONGEST: Final[Micros] = 3_600 * SECOND
"""The host's loop counts monotonic time; longer timers look at the wall clock again in between."""


class SystemClock:
    """The system's wall clock, unless it follows that of a database."""

    def __init__(self) -> None:
        self._ahead: Micros | None = None
        """How far the time that it follows is ahead of the system's monotonic time."""

    def now(self) -> Micros:
        """The time of day, as the system has it, or as who it follows."""
        if self._ahead is None:
            return time.time_ns() // 1_000
        return time.monotonic_ns() // 1_000 + self._ahead

    def follow(self, answer: Micros, took: Micros) -> None:
        """See `FollowingClock`. It moves only as far as it has been proven wrong, so that the time that
        answers take does not make it tremble."""
        least = answer - time.monotonic_ns() // 1_000
        most = least + took
        if self._ahead is None:
            self._ahead = (least + most) // 2
        else:
            self._ahead = min(max(self._ahead, least), most)

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """Call back on the running loop when the wall clock shows `when`."""
        return _WallTimer(self, when, callback)

    def hold(self) -> None:
        """The system's time passes by itself."""

    def release(self) -> None:
        """The system's time passes by itself."""


class _WallTimer:
    def __init__(self, clock: SystemClock, when: Micros, callback: Callable[[], None]) -> None:
        self._clock, self._when, self._callback = clock, when, callback
        self._loop = asyncio.get_running_loop()
        self._arm()

    def _arm(self) -> None:
        left = min(max(0, self._when - self._clock.now()), _LONGEST)
        self._handle = self._loop.call_later(to_seconds(left), self._fire)

    def _fire(self) -> None:
        if self._clock.now() < self._when:
            self._arm()
        else:
            self._callback()

    def cancel(self) -> None:
        self._handle.cancel()
