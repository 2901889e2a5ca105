"""The database's time, for those whose clocks follow it."""

import time

from outlast._clock import Clock, FollowingClock, Micros


class DatabaseTime:
    """Tells a clock what time the database has, whenever the database says so.

    A plan needs its time before it is written. So what is asked for the time is the process's clock,
    which keeps the distance to the database's. A clock that does not follow, such as a test's, is used as
    it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._follower = clock if isinstance(clock, FollowingClock) else None

    def now(self) -> Micros:
        """The time to write down."""
        return self._clock.now()

    def asked(self) -> int:
        """A mark to pass to `told`: the question goes out now."""
        return time.monotonic_ns()

    def told(self, asked: int, answer: Micros) -> None:
        """The database had the time `answer` at some moment since `asked`."""
        if self._follower is not None:
            self._follower.follow(answer, (time.monotonic_ns() - asked) // 1_000)
