"""What a live run does at which time: its waits, the steps that are to be tried again, the ends of hooks."""

from collections.abc import Callable, Iterable
from functools import partial

from outlast._clock import Clock, Micros, Timer
from outlast._engine.commands import KeepHook, RunStep, StartWait


class Agenda:
    """Waits, retries and hooks that expire, by id, with one timer for all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[str, StartWait] = {}
        self._retries: dict[str, RunStep] = {}
        self._hooks: dict[str, Micros] = {}
        self._timer: Timer | None = None
        self._timer_at: Micros = 0

    def add(self, command: StartWait | RunStep) -> None:
        """Something is due at its time."""
        if isinstance(command, StartWait):
            self._waits[command.ref] = command
        else:
            self._retries[command.ref] = command

    def add_hook(self, command: KeepHook) -> None:
        """A hook is open; perhaps it expires."""
        if command.expires_at is not None:
            self._hooks[command.ref] = command.expires_at

    def waits(self) -> Iterable[StartWait]:
        """The waits, in the order in which they were asked for."""
        return self._waits.values()

    def remove(self, ref: str) -> None:
        """It is not wanted any more. Idempotent."""
        self._waits.pop(ref, None)
        self._retries.pop(ref, None)
        self._hooks.pop(ref, None)

    def next_due(self) -> Micros | None:
        """When the next thing is due."""
        if not self._waits and not self._retries and not self._hooks:
            return None
        times = [wait.deadline for wait in self._waits.values()]
        times += [step.not_before for step in self._retries.values()]
        return min([*times, *self._hooks.values()])

    def take_due(self, now: Micros) -> tuple[list[RunStep], list[StartWait]]:
        """What is due now, taken out: the steps, and the waits by their deadlines."""
        steps = [step for step in self._retries.values() if step.not_before <= now]
        waits = [wait for wait in self._waits.values() if wait.deadline <= now]
        for command in (*steps, *waits):
            self.remove(command.ref)
        return steps, sorted(waits, key=lambda wait: wait.deadline)

    def take_expired(self, now: Micros) -> list[tuple[str, Micros]]:
        """The hooks whose time has come, taken out, by their deadlines."""
        expired = [(ref, deadline) for ref, deadline in self._hooks.items() if deadline <= now]
        for ref, _ in expired:
            self.remove(ref)
        return sorted(expired, key=lambda hook: hook[1])

    def arm(self, when: Micros, on_time: Callable[[], None]) -> None:
        """See to it that `on_time` is called at that time, or before it."""
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._clock.call_at(when, partial(self._fire, on_time))

    def close(self) -> None:
        """Call nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, on_time: Callable[[], None]) -> None:
        self._timer = None
        on_time()
