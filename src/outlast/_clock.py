"""Time, as the library sees it: whole microseconds since the Unix epoch, from an injected clock."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol, TypeAlias, runtime_checkable

Micros: TypeAlias = int
"""A point in time (microseconds since 1970-01-01T00:00Z) or a length of time (microseconds)."""

SECOND: Micros = 1_000_000


class Timer(Protocol):
    """A callback that is due at some time."""

    def cancel(self) -> None:
        """Make sure that the callback does not run any more. Idempotent."""
        ...


class Clock(Protocol):
    """Tells the time and calls back.

    The system's clock is `outlast._runtime.system.SystemClock`; `outlast.testing.SkippingClock`
    jumps over the times in which nothing happens.
    """

    def now(self) -> Micros:
        """The current time. It may go backwards, as system clocks do."""
        ...

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """Call `callback` once on the running event loop, not before `now() >= when`.

        A `background` timer serves upkeep (heartbeats, maintenance): a clock that skips time
        does not take it for a reason to stop there, and calls it once for all that it skipped.
        """
        ...

    def hold(self) -> None:
        """Say that work is under way which does not wait for this clock. Counted."""
        ...

    def release(self) -> None:
        """Say that one piece of such work has ended."""
        ...


@runtime_checkable
class FollowingClock(Protocol):
    """A clock that can show the time of a database instead of this machine's.

    All workers of a database then have one time, whatever their machines' clocks say.
    """

    def follow(self, answer: Micros, took: Micros) -> None:
        """Somebody else's clock showed `answer` at some moment of the last `took` microseconds."""
        ...


def from_seconds(seconds: float) -> Micros:
    """Seconds as whole microseconds, rounded to the nearest."""
    return round(seconds * SECOND)


def to_seconds(micros: Micros) -> float:
    """Microseconds as seconds."""
    return micros / SECOND


async def sleep_until(clock: Clock, when: Micros, *, background: bool = False) -> None:
    """Wait until the clock shows `when`."""
    woken = asyncio.get_running_loop().create_future()
    timer = clock.call_at(
        when, lambda: None if woken.done() else woken.set_result(None), background=background
    )
    try:
        await woken
    finally:
        timer.cancel()


@contextmanager
def holding(clock: Clock) -> Generator[None]:
    """Hold the clock over a piece of work."""
    clock.hold()
    try:
        yield
    finally:
        clock.release()


async def pause(seconds: float) -> None:
    """Let real time pass, whatever a `Clock` shows: for edges that wait for a network, a disk or a terminal."""
    await asyncio.sleep(seconds)  # noqa: TID251 - the one door to it; runs and workers wait by a clock
