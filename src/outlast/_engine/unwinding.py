"""Leaving memory: coroutines that are suspended end, without their run ending."""

import asyncio
import warnings
from asyncio import events
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from outlast._engine.loop import WorkflowLoop
from outlast._engine.requests import Evicted
from outlast._engine.tasks import WorkflowTask
from outlast.errors import NotDurableError

MAX_UNWINDING: Final = 1_000
"""So many callbacks may come of a task that leaves memory."""


def unwind(loop: WorkflowLoop, left: Sequence[WorkflowTask]) -> None:
    """Make the coroutines of these tasks end, and what that sets going on the loop, for a while."""
    for task in left:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.call_soon(_unwind, task, context=task.own_context)
    # Not for ever: libraries may look again and again whether tasks are done that are only unwound.
    with _outside_of_tasks(), suppress(NotDurableError):
        loop.turn(MAX_UNWINDING * (1 + len(left)))


@contextmanager
def _outside_of_tasks() -> Generator[None]:
    """Leave the host's task for a while: from Python 3.14 on a thread has one, whatever the loop, and no other task may
    run inside of it. All other turns are made from callbacks."""
    task = asyncio.current_task() if events._get_running_loop() else None
    if task is None:
        yield
        return
    host = task.get_loop()
    asyncio._leave_task(host, task)
    try:
        yield
    finally:
        asyncio._enter_task(host, task)


def _unwind(task: WorkflowTask) -> None:
    """Make a suspended coroutine end, without its run ending. One that catches everything, in a loop, cannot: it stays
    in memory, and that is said."""
    coroutine: Any = task.get_coro()
    for _ in range(100):
        try:
            coroutine.throw(Evicted())
        except BaseException:  # noqa: BLE001 - the user's clean-up may raise anything; the run is not here any more
            return
    _keep_for_ever(coroutine)
    _say_that_it_stays(coroutine)


def _keep_for_ever(coroutine: Any) -> None:
    # Python would have it end when it is freed, at the latest when the process ends, and it would not, for ever: it
    # catches that too, outside of its run. Imported here, as hardly any process needs it.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))


def _say_that_it_stays(coroutine: Any) -> None:
    """Name the user's own function: a root task's is within ours."""
    users = coroutine.cr_await if coroutine.__qualname__ == "Execution._main" else coroutine
    code = users.cr_code
    message = (
        f"{code.co_qualname}() catches everything, in a loop: it cannot leave memory and stays there. "
        "Write `except Exception`, not `except` or `except BaseException`."
    )
    warnings.warn_explicit(
        message, RuntimeWarning, code.co_filename, code.co_firstlineno, registry=_TOLD
    )


_TOLD: Final[dict[Any, Any]] = {}
"""What has been said; another run does not say it again."""
