"""Standard output and standard error as they are found: closed, full, or of another encoding."""

import errno
import os
import sys
from pathlib import Path
from typing import Final, TextIO

from outlast.cli.problem import Problem

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def settle(*, json: bool) -> None:
    """Let both take every text. What is closed becomes the null device; what an encoding does not have is
    written as an escape, but JSON is always UTF-8."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # notebooks have streams of their own
    if reconfigure is not None:
        reconfigure(encoding="utf-8" if json else None, errors="backslashreplace")


def unwritten(error: OSError) -> Problem:
    """What to say when a command could not print. Raises the error again if it is about something else."""
    if error.errno not in _FULL or error.filename is not None:
        raise error
    forget()
    return Problem(f"standard output cannot be written: {error.strerror}")


def forget() -> None:
    """What is still in the buffer of standard output goes nowhere, also when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
