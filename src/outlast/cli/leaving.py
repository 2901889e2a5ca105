"""Noticing that nobody reads any more."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


@asynccontextmanager
async def while_read() -> AsyncGenerator[None]:
    """What follows a run may have nothing to print for days. So it ends when the reader of a pipe goes
    (`outlast events --follow | head -1`), and not only when it prints the next line.

    Raises `BrokenPipeError` then, as printing would.
    """
    pipe, task = _pipe(), asyncio.current_task()
    if pipe is None or task is None:
        yield
        return
    loop = asyncio.get_running_loop()
    gone: list[bool] = []

    def leave() -> None:
        loop.remove_reader(pipe)
        gone.append(task.cancel())

    loop.add_reader(
        pipe, leave
    )  # nothing is ever read from this end: it wakes when the other is closed
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise BrokenPipeError from None
    finally:
        loop.remove_reader(pipe)


def _pipe() -> int | None:
    """Standard output, if that is a pipe whose end can be noticed."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):  # of tests and notebooks
        return None
    return number if os.name == "posix" and stat.S_ISFIFO(os.fstat(number).st_mode) else None
