"""Ctrl-C and SIGTERM: the first one asks to stop, the second one stops at once."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def say_stopped_at_once() -> None:
    """What is said when the second signal has come. Safe in a signal handler."""
    os.write(2, b"stopped at once; what was in flight will be done again\n")


class Interrupts:
    """Whether, and by what, the process was asked to stop."""

    def __init__(
        self,
        on_first: Callable[[], None] = lambda: None,
        on_second: Callable[[], None] = say_stopped_at_once,
    ) -> None:
        self.asked = asyncio.Event()
        self.number: int | None = None
        """The number of the first signal."""
        self._on_first, self._on_second = on_first, on_second
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def handled(self) -> Generator["Interrupts"]:
        """Handle the signals for a while.

        Real handlers, not those of the event loop: the second signal must also work while a step of the
        user keeps the loop from turning. Outside of the main thread, where Python allows none, nothing
        is handled.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """As shells have it: 130 for Ctrl-C."""
        return 128 + (self.number or signal.SIGINT)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            try:
                self._on_second()
            finally:
                os._exit(128 + number)
        self.number = number
        self._loop.call_soon_threadsafe(self._ask)

    def _ask(self) -> None:
        self.asked.set()
        self._on_first()
