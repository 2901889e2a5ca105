"""Ctrl-C before a command has begun."""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from outlast.cli.exits import Exit


@contextmanager
def nothing_begun() -> Generator[None]:
    """Let Ctrl-C end the process quietly, wherever it is: in an import it may otherwise be printed, or
    even be lost. Afterwards it raises `KeyboardInterrupt`, as usual; where it is ignored it stays so."""
    ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
    if ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, _quit)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _quit(_number: int, _frame: FrameType | None) -> None:
    os._exit(Exit.INTERRUPTED)
