"""The attempts that are under way for a live run."""

from asyncio import Task
from collections.abc import Coroutine
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from typing import Final

from outlast._engine.commands import RunStep
from outlast._runtime.attempts import Attempt, AttemptTask, Due, Run
from outlast._runtime.shared import Shared


class AttemptsUnderWay:
    """Begins attempts as there is room, and writes what comes of them to the run."""

    def __init__(self, runtime: Shared) -> None:
        self._runtime = runtime
        self._tasks: dict[str, AttemptTask | None] = {}
        """By the step's id; `None` for one that waits for room."""
        self.taken_up: frozenset[str] = _NONE
        """The steps of which an owner before may have made this attempt, in part."""

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def tasks(self) -> list[Task[None]]:
        """Those that have begun."""
        return [task for task in self._tasks.values() if task is not None]

    def begin(self, run: Run, command: RunStep) -> None:
        """Make an attempt for the run, now or when there is room. While the process stops none is begun, but it
        counts: the run must be handed back, and not suspended as if nothing were to be done."""
        self._tasks[command.ref] = None
        if not self._runtime.draining:
            is_full = not self._runtime.slots.free
            told = is_full or self._runtime.observers.tracer is not None
            due = Due(self._runtime.clock.now(), queued=is_full) if told else None
            self._runtime.slots.enter(partial(self._begin, run, command, due))

    def cancel(self, ref: str) -> None:
        """Stop an attempt; nothing is recorded of it. Idempotent."""
        if task := self._tasks.pop(ref, None):
            task.cancel()
            if not _has_begun(task):
                self._over()  # no code of it will run any more

    def cancel_all(self) -> None:
        """Stop them all."""
        for ref in list(self._tasks):
            self.cancel(ref)

    def _begin(self, run: Run, command: RunStep, due: Due | None) -> bool:
        if command.ref not in self._tasks:  # cancelled while it waited for room
            return False
        self._runtime.clock.hold()
        # In a context of its own: what one step sets there is not for the next one to see.
        self._tasks[command.ref] = AttemptTask(
            self._make(run, command, due),
            loop=self._runtime.loop,
            context=self._runtime.context.copy(),
        )
        return True

    async def _make(self, run: Run, command: RunStep, due: Due | None) -> None:
        taken_up = command.ref in self.taken_up
        attempt = Attempt(self._runtime, run, command, taken_up=taken_up, due=due)
        self._runtime.slow_attempts.add(attempt)
        try:
            event = await attempt.make()
            if taken_up:
                self.taken_up -= {command.ref}
            if self._tasks.pop(command.ref, None) is not None:  # else it was cancelled, and went on
                run.tell(event)
        finally:
            self._over()

    def _over(self) -> None:
        self._runtime.clock.release()
        self._runtime.slots.leave()


_NONE: Final[frozenset[str]] = frozenset()


def _has_begun(task: AttemptTask) -> bool:
    coroutine = task.get_coro()
    return isinstance(coroutine, Coroutine) and getcoroutinestate(coroutine) != CORO_CREATED
