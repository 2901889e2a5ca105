"""The threads of `def` steps."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeAlias, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Call: TypeAlias = tuple[Future[Any], Callable[[], Any]]


class StepThreads(Executor):
    """So many threads at most, made when they are needed.

    They are daemons, unlike those of the standard library: a thread cannot be stopped, and a process whose
    grace period is over must not wait for what somebody else does again by then.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._counting = threading.Lock()
        self._open = 0
        """The calls that are asked for and not over."""
        self._made = 0

    @property
    def full(self) -> bool:
        """Whether a call would have to wait for another one's end."""
        return self._open >= self._limit

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function in a thread. Only one thread may ask for that, the one of the event loop."""
        future: Future[T] = Future()
        with self._counting:
            self._open += 1
            lacks_one = self._made < min(self._open, self._limit)
        self._calls.put((future, partial(fn, *args, **kwargs)))
        if lacks_one:
            self._made += 1
            name = f"outlast-step_{self._made}"
            threading.Thread(target=self._serve, name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """Begin nothing any more, and let the threads end once they have done what they do. Waits for nothing."""
        with suppress(Empty):
            while True:
                asked = self._calls.get_nowait()
                if asked is not None:
                    asked[0].cancel()
        for _ in range(self._made):
            self._calls.put(None)

    def _serve(self) -> None:
        while (asked := self._calls.get()) is not None:
            _do(*asked)
            del asked  # what it holds is let go of while the thread waits
            with self._counting:
                self._open -= 1


def _do(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whoever asked for it gets it
        future.set_exception(error)
    else:
        future.set_result(result)
