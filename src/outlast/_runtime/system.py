"""The real clock and the real entropy. Nothing else in the library reads the time."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from outlast._clock import SECOND, Micros, Timer, to_seconds

_LONGEST: Final[Micros] = 3_600 * SECOND
"""The host's loop counts monotonic time; longer timers look at the wall clock again in between."""


class SystemClock:
    """The system's wall clock."""

    def now(self) -> Micros:
        """The time of day, as the system has it."""
        return time.time_ns() // 1_000

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
