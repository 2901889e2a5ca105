"""A process that stands still for a while: time goes on without it."""

from collections.abc import Callable

from outlast._clock import Micros, Timer
from outlast.testing import SkippingClock


class ProcessClock:
    """The clock as one process has it. While the process stands still, its work holds up nobody, and its
    timers do not count; they come when it goes on."""

    def __init__(self, clock: SkippingClock) -> None:
        self._clock = clock
        self._held = 0
        self._frozen = False
        self._timers: set[_Timer] = set()

    def freeze(self) -> None:
        """Stand still."""
        self._frozen = True
        for timer in self._timers:
            timer.withdraw()
        for _ in range(self._held):
            self._clock.release()

    def thaw(self) -> None:
        """Go on."""
        self._frozen = False
        for _ in range(self._held):
            self._clock.hold()
        for timer in list(self._timers):
            timer.arm()

    def now(self) -> Micros:
        return self._clock.now()

    def call_at(
        self, when: Micros, callback: Callable[[], None], *, background: bool = False
    ) -> Timer:
        def call() -> None:
            self._timers.discard(timer)
            callback()

        timer = _Timer(
            lambda: self._clock.call_at(when, call, background=background), self._timers.discard
        )
        self._timers.add(timer)
        if not self._frozen:
            timer.arm()
        return timer

    def hold(self) -> None:
        self._held += 1
        if not self._frozen:
            self._clock.hold()

    def release(self) -> None:
        self._held -= 1
        if not self._frozen:
            self._clock.release()


class _Timer:
    """A timer that can be withdrawn for a while."""

    def __init__(self, arm: Callable[[], Timer], forget: "Callable[[_Timer], object]") -> None:
        self._arm, self._forget = arm, forget
        self._armed: Timer | None = None

    def arm(self) -> None:
        self._armed = self._arm()

    def withdraw(self) -> None:
        if self._armed is not None:
            self._armed.cancel()

    def cancel(self) -> None:
        self.withdraw()
        self._forget(self)
