"""A clock that stands still until it is set."""

from collections.abc import Callable

import msgspec

from outlast._clock import Micros, Timer

START: Micros = 1_700_000_000_000_000
"""Where a settable clock begins: a time in November 2023."""


class _Alarm(msgspec.Struct):
    when: Micros
    callback: Callable[[], None] | None

    def cancel(self) -> None:
        """Never call back."""
        self.callback = None


class SettableClock:
    """Time passes only by `move` and `set`. It may be set back."""

    def __init__(self, now: Micros = START) -> None:
        self._now = now
        self._alarms: list[_Alarm] = []
        self.held = 0
        """How many pieces of work are under way which do not wait for this clock."""

    def now(self) -> Micros:
        """The time that was set."""
        return self._now

    def move(self, by: Micros) -> None:
        """Let so much time pass."""
        self.set(self._now + by)

    def set(self, now: Micros) -> None:
        """Set the time and call whoever is due."""
        self._now = now
        due = [alarm for alarm in self._alarms if alarm.when <= now]
        self._alarms = [alarm for alarm in self._alarms if alarm.when > now]
        for alarm in sorted(due, key=lambda alarm: alarm.when):
            if alarm.callback is not None:
                alarm.callback()

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        """Call `callback` when the time is set to `when` or later."""
        del background
        alarm = _Alarm(when, callback)
        self._alarms.append(alarm)
        return alarm

    def hold(self) -> None:
        """Count a piece of work."""
        self.held += 1

    def release(self) -> None:
        """Count it no more."""
        self.held -= 1
