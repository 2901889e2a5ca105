"""Calls in the threads of `def` steps."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, TypeAlias

Outcome: TypeAlias = tuple[Any, BaseException | None]
"""A result or an error, in one: a future cannot hold all errors, and no `StopIteration`."""


class ThreadCall:
    """A call to be made in a thread, in a copy of the context. Of what the function asks the event loop, and of its
    outcome, the loop hears in that order."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fn: Callable[[], Any],
        begun: Callable[[], None] | None,
    ) -> None:
        self.answered: asyncio.Future[Outcome] = loop.create_future()
        self._loop, self._fn, self._begun = loop, fn, begun
        """`begun` is called on the loop when a thread has taken the call."""
        self._context = contextvars.copy_context()

    def __call__(self) -> None:
        """Make the call, in the thread of whoever calls this. Raises `RuntimeError` if the loop has been closed."""
        if self._begun is not None:
            self._loop.call_soon_threadsafe(self._begun)
        outcome: Outcome
        try:
            outcome = self._context.run(self._fn), None
        except BaseException as error:  # noqa: BLE001 - the user's code: whatever it raises is its outcome
            outcome = None, error
        self._loop.call_soon_threadsafe(self._answer, outcome)

    def _answer(self, outcome: Outcome) -> None:
        if not self.answered.done():
            self.answered.set_result(outcome)
