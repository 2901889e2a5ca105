"""Waking a service when something is due."""

import asyncio

from outlast._clock import Clock, Micros


class Alarm:
    """Rings at once, or at a time; a service resets it, looks, and waits for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()
        self._at: Micros | None = None

    def reset(self) -> None:
        """What is due now will be looked at: ring for what comes from here on."""
        self._rung.clear()
        self._at = None

    def ring(self) -> None:
        """Something is due."""
        self._rung.set()

    def ring_at(self, when: Micros | None) -> None:
        """Something becomes due at that time; `None`: it is due now."""
        if when is None or when <= self._clock.now():
            self._rung.set()
        elif self._at is None or when < self._at:
            self._at = when
            self._rung.set()

    async def wait(self, due: Micros | None = None, *, background: bool = False) -> None:
        """Return when it rings, or at `due`. For `background` see `Clock.call_at`."""
        times = [when for when in (due, self._at) if when is not None]
        if not times:
            await self._rung.wait()
            return
        timer = self._clock.call_at(min(times), self._rung.set, background=background)
        try:
            await self._rung.wait()
        finally:
            timer.cancel()
