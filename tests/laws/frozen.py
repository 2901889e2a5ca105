"""A process that stands still for a while: time goes on without it."""

import asyncio
from collections.abc import Callable

from outlast._clock import Micros, Timer
from outlast.testing import SkippingClock


class ProcessClock:
    """The clock as one process has it. While the process stands still, its work holds up nobody, and its
    timers come when it goes on."""

    def __init__(self, clock: SkippingClock) -> None:
        self._clock = clock
        self._held = 0
        self._frozen = False
        self._missed: list[Callable[[], None]] = []

    def freeze(self) -> None:
        """Stand still."""
        self._frozen = True
        for _ in range(self._held):
            self._clock.release()

    def thaw(self) -> None:
        """Go on."""
        self._frozen = False
        for _ in range(self._held):
            self._clock.hold()
        missed, self._missed = self._missed, []
        for callback in missed:
            asyncio.get_running_loop().call_soon(callback)

    def now(self) -> Micros:
        return self._clock.now()

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        return self._clock.call_at(when, lambda: self._call(callback), background=background)

    def hold(self) -> None:
        self._held += 1
        if not self._frozen:
            self._clock.hold()

    def release(self) -> None:
        self._held -= 1
        if not self._frozen:
            self._clock.release()

    def _call(self, callback: Callable[[], None]) -> None:
        if self._frozen:
            self._missed.append(callback)
        else:
            callback()
