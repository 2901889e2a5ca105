"""A clock on which time passes only when nothing else happens."""

import asyncio
import heapq
from collections.abc import Callable
from contextvars import Context, copy_context
from datetime import UTC, datetime
from typing import Final

from outlast._clock import Micros, Timer
from outlast._registry.durations import deadline, duration, to_datetime
from outlast._registry.policy import Delay

START: Final = datetime(2030, 1, 1, tzinfo=UTC)
"""Where a `SkippingClock` begins, unless it is told otherwise."""


class SkippingClock:
    """Skips the times in which nothing happens: a sleep of thirty days takes a millisecond.

    Pass it to `App(clock=...)`. Its time stands still while anything is under way: an attempt of a step, a
    commit, a callback that is ready. When all is quiet it jumps to the next time that somebody waits for.

    Heartbeats and upkeep are no reason to stop: those that a jump passes are called once each, and what
    they set going comes to its end, before whoever waited is called. If nobody waits for a time, time stands
    still: it does not run away while a test looks for something else.

    Args:
        start: The time at first; aware.
        threshold: How many real seconds all must have been quiet before time jumps. What the clock cannot
            see (a socket, a thread, a subprocess of the test's own) has that long to come forward. With 0
            it jumps as soon as the event loop has nothing ready.

    It may be used on several event loops, one after the other.

    Raises `InvalidDurationError` for a time without a zone.
    """

    def __init__(self, start: datetime = START, *, threshold: float = 0.002) -> None:
        self._now = deadline(start, 0)
        self._threshold = threshold
        self._timers: list[_Timer] = []
        self._background: list[_Timer] = []
        self._made = 0
        self._held = 0
        self._busyness = 0
        self._look: asyncio.Handle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop on which the next look is scheduled."""

    # What tests use

    @property
    def time(self) -> datetime:
        """The current time, in UTC."""
        return to_datetime(self._now)

    @property
    def held(self) -> int:
        """How many pieces of work are under way for which time stands still."""
        return self._held

    def advance(self, length: Delay) -> None:
        """Let so much time pass at once, whatever is under way. Takes seconds, a text, or a `timedelta`.

        Who waited for a time that has come is called back in the next turn of the event loop.
        """
        self.set(to_datetime(self._now + duration(length)))

    def set(self, time: datetime) -> None:
        """Set the clock, also back: system clocks do that too. Timers keep the time they wait for.

        Raises `InvalidDurationError` for a time without a zone.
        """
        self._now = deadline(time, self._now)
        due = [*self._take(self._background), *self._take(self._timers)]
        self._fire(sorted(due))

    # The clock, as the library uses it

    def now(self) -> Micros:
        """See `Clock`."""
        return self._now

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """See `Clock`."""
        self._made += 1
        timer = _Timer(when, self._made, callback)
        if when <= self._now:
            self._fire([timer])
        else:
            heapq.heappush(self._background if background else self._timers, timer)
            self._look_later()
        return timer

    def hold(self) -> None:
        """See `Clock`."""
        self._busyness += 1
        self._held += 1

    def release(self) -> None:
        """See `Clock`. Raises `RuntimeError` if nothing is held."""
        if not self._held:
            raise RuntimeError("the clock was released more often than it was held")
        self._busyness += 1
        self._held -= 1
        if not self._held:
            self._look_later()

    # Jumping

    def _look_later(self) -> None:
        """Have a look, once it has been quiet for a while, whether time may jump."""
        if self._held or not self._timers:
            return
        loop = asyncio.get_running_loop()
        if self._look is not None and self._loop is loop:
            return
        self._loop = loop
        seen = self._busyness
        if self._threshold > 0:
            self._look = loop.call_later(self._threshold, self._jump_if_quiet, seen)
        else:
            self._look = loop.call_soon(self._jump_if_quiet, seen)

    def _jump_if_quiet(self, seen: int) -> None:
        self._look = None
        if self._held:
            return
        if self._busyness != seen or _is_busy(asyncio.get_running_loop()):
            self._look_later()
            return
        self._jump()

    def _jump(self) -> None:
        due = self._take(self._timers)
        if not due:
            self._drop_cancelled()
            if not self._timers:
                return
            self._now = max(self._now, self._timers[0].when)
            if passed := self._take(self._background):
                self._fire(passed)
                self._look_later()
                return
            due = self._take(self._timers)
        self._fire(due)
        self._look_later()

    def _drop_cancelled(self) -> None:
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)

    def _take(self, timers: "list[_Timer]") -> "list[_Timer]":
        """Take out the timers whose time has come, the earliest first."""
        due: list[_Timer] = []
        while timers and timers[0].when <= self._now:
            due.append(heapq.heappop(timers))
        return [timer for timer in due if not timer.cancelled]

    def _fire(self, timers: "list[_Timer]") -> None:
        self._busyness += 1
        for timer in timers:
            asyncio.get_running_loop().call_soon(timer.run, context=timer.context)


class _Timer:
    """A callback that waits for a time; ordered by it, and then by when it was made."""

    def __init__(self, when: Micros, number: int, callback: Callable[[], None]) -> None:
        self.when, self.number = when, number
        self.context: Context = copy_context()
        self.cancelled = False
        self._callback = callback

    def __lt__(self, other: "_Timer") -> bool:
        return (self.when, self.number) < (other.when, other.number)

    def cancel(self) -> None:
        """See `Timer`."""
        self.cancelled = True

    def run(self) -> None:
        if not self.cancelled:
            self._callback()


def _is_busy(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether callbacks are ready to be called. On a foreign loop, which does not tell, the threshold
    must do."""
    return bool(getattr(loop, "_ready", ()))
