"""The `outlast` command before its imports are done: these take a while, and Ctrl-C must be quiet meanwhile.

It stands beside the package, not in it: to import anything of the package is to import the package.
"""

import os
import signal
from types import FrameType
from typing import Final

_INTERRUPTED: Final = 130


def main() -> int:
    """Run the command line. Gives the exit code."""
    given = signal.getsignal(signal.SIGINT)
    if given is not signal.default_int_handler:  # whoever started this process has it ignored
        return _run()
    signal.signal(signal.SIGINT, _quit)
    try:
        return _run()
    finally:
        signal.signal(signal.SIGINT, _quit)  # all is printed: only the interpreter is left to end


def _run() -> int:
    from outlast.cli import main as run  # Ctrl-C is quiet by now

    return run()


def _quit(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
