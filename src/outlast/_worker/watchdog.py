"""Notices code that blocks the event loop, and names it.

A thread looks at a beat that the loop gives. When the beat stays away, it takes the loop thread's
stack and tells which step or workflow is on it, and at which line. All runs of the worker wait meanwhile.
"""

import asyncio
import logging
import sys
import threading
from types import CodeType, FrameType
from typing import Final

import msgspec

from outlast._registry.definitions import StepDefinition
from outlast._registry.registry import Registry
from outlast._runtime.observers import Observers

logger: Final = logging.getLogger("outlast")


class Blocking(msgspec.Struct, frozen=True):
    """What blocks the loop."""

    what: str
    """`step 'charge'`, `workflow 'fulfil'`, or `something` where it is neither."""
    line: str
    """Where it is: `flow.py:17`."""
    advice: str


class Watchdog:
    """Watches the loop that `start` is called on. `stop` may be called twice."""

    def __init__(self, registry: Registry, observers: Observers, *, limit: float = 1.0) -> None:
        self._registry, self._observers, self._limit = registry, observers, limit
        self._beats = 0
        self._stopped = threading.Event()
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch from now on."""
        loop = asyncio.get_running_loop()
        self._beat(loop)
        threading.Thread(
            target=self._watch,
            args=(loop, threading.get_ident()),
            name="outlast-watchdog",
            daemon=True,
        ).start()

    def stop(self) -> None:
        """Watch no more. The thread ends as soon as it hears of it, which is not waited for."""
        self._stopped.set()
        if self._handle is not None:
            self._handle.cancel()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beats += 1
        self._handle = loop.call_later(self._limit / 4, self._beat, loop)

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        seen, silent, told = 0, 0.0, False
        while not self._stopped.wait(self._limit / 2):
            if self._beats != seen:
                seen, silent, told = self._beats, 0.0, False
                continue
            silent += self._limit / 2
            frame = sys._current_frames().get(thread)  # noqa: SLF001 - there is no other way to see another thread
            if silent >= self._limit and not told and frame is not None:
                blocking = find_blocking(frame, self._registry)
                if blocking is not None:
                    told = True
                    self._tell(blocking, silent)

    def _tell(self, blocking: Blocking, seconds: float) -> None:
        logger.warning(
            "%s has blocked the event loop for %.1f s at %s; all runs of this worker wait. %s",
            blocking.what,
            seconds,
            blocking.line,
            blocking.advice,
        )
        self._observers.loop_blocked(blocking.what, blocking.line, round(seconds * 1_000_000))


def find_blocking(frame: FrameType, registry: Registry) -> Blocking | None:
    """The step or workflow on a stack; `None` if the loop just waits, or neither is there."""
    names: dict[CodeType, tuple[str, str]] = {}
    for definition in registry:
        code = definition.fn.__code__
        if isinstance(definition, StepDefinition):
            advice = "Make it a `def` step, which runs in a thread, or await what takes long."
            names[code] = (f"step {definition.name!r}", advice)
        else:
            advice = "Move the work into a step: workflow code only orchestrates."
            names[code] = (f"workflow {definition.name!r}", advice)
    inner: FrameType | None = frame
    while inner is not None:
        if inner.f_code in names:
            what, advice = names[inner.f_code]
            file = inner.f_code.co_filename.rpartition("/")[2]
            return Blocking(what, f"{file}:{inner.f_lineno}", advice)
        inner = inner.f_back
    return None
