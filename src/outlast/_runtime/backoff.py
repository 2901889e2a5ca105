"""When to try a write again that the world could not take."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Final

from outlast._clock import SECOND, Clock, Micros, Timer, to_seconds

DELAYS: Final[tuple[Micros, ...]] = (SECOND // 50, SECOND // 10, SECOND // 2, SECOND, 2 * SECOND)
"""After the first failure, the second, ...; the last one for all that follow."""


def delay_after(failures: int) -> Micros:
    """How long to wait, after so many failures before this one."""
    return DELAYS[min(failures, len(DELAYS) - 1)]


class Backoff:
    """Calls back after a while, once; a longer while the more often it has failed.

    By the clock or in the host's time, whichever comes first: a clock that skips goes on meanwhile, but stands
    still for an attempt that waits for what is to be written.
    """

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock, self._callback = clock, callback
        self._context = copy_context()
        self._timers: tuple[Timer | asyncio.TimerHandle, ...] = ()

    def begin(self, failures: int) -> None:
        """Wait, after so many failures before this one."""
        delay = delay_after(failures)
        loop = asyncio.get_running_loop()
        self._timers = (
            self._clock.call_at(self._clock.now() + delay, self._call),
            loop.call_later(to_seconds(delay), self._call, context=self._context),
        )

    def cancel(self) -> None:
        """Do not call back any more. Idempotent."""
        for timer in self._timers:
            timer.cancel()
        self._timers = ()

    def _call(self) -> None:
        self.cancel()
        self._callback()
