"""What the world has answered, on its way to those who asked."""

import asyncio
import logging
from collections import deque
from typing import Final

from outlast._runtime.flights import Calls

logger: Final = logging.getLogger("outlast")

AT_ONCE: Final = 100
"""So many answers are told before other callbacks of the loop have their turn."""


class Answers:
    """Tells answers in the order in which they came, a hundred in a row."""

    def __init__(self) -> None:
        self._calls: Calls = deque()
        self._telling = False
        """Whether the rest is told by a callback that is scheduled."""

    def add(self, calls: Calls) -> None:
        """Put what came of a batch behind what is still to be told."""
        self._calls.extend(calls)

    def tell(self) -> None:
        """Tell them, from a callback of the loop. Idempotent."""
        if not self._telling:
            self._go_on()

    def _go_on(self) -> None:
        for _ in range(min(len(self._calls), AT_ONCE)):
            tell, arguments = self._calls.popleft()
            try:
                tell(*arguments)
            except Exception:  # what goes wrong for one must not keep the others from their answers
                logger.exception("an answer of a commit could not be taken")
        self._telling = bool(self._calls)
        if self._telling:
            asyncio.get_running_loop().call_soon(self._go_on)
