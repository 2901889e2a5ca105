"""What live runs and their attempts have of the runtime that they are in."""

import asyncio
from collections.abc import Callable, Collection
from contextvars import Context
from random import Random
from typing import Any, Protocol, TypeAlias

from outlast._clock import Clock, Micros
from outlast._codec import Codec
from outlast._runtime.commits import Committer
from outlast._runtime.followers import Followers
from outlast._runtime.observers import Observers
from outlast._runtime.options import RuntimeOptions
from outlast._runtime.slots import Slots
from outlast._runtime.slow import SlowAttempts
from outlast._runtime.streams import StreamSender
from outlast._runtime.threads import StepThreads
from outlast.world import Append, Then

Withdrawn: TypeAlias = Callable[[str, Collection[str] | None], None]
"""Takes a run's id and the ids of steps."""


class Shared(Protocol):
    """The runtime, seen from a live run. (`live` is a `LiveRun` below: that module imports this one.)"""

    clock: Clock
    codec: Codec
    observers: Observers
    options: RuntimeOptions
    version: str
    chance: Random
    loop: asyncio.AbstractEventLoop
    context: Context
    """What attempts begin with."""
    committer: Committer
    followers: Followers
    streams: StreamSender
    slots: Slots
    slow_attempts: SlowAttempts
    draining: bool
    """The process stops: no attempt is begun any more."""
    on_due: Callable[[Micros | None], None]
    """Told when a run that nobody holds became due, or will be at that time."""
    on_dispatched: Callable[[], None]
    """Told when a step was put into the queue for other workers."""
    on_withdrawn: Withdrawn
    """Told which steps of a run were taken out of the queue; `None`: all that it has there."""

    @property
    def threads(self) -> StepThreads:
        """Where `def` steps run."""
        ...

    def woke(self, run_id: str) -> None:
        """Something from outside was put into the log of a run."""
        ...

    def append(self, append: Append) -> None:
        """Put events into another run's log, without waiting."""
        ...

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back in the next turn of the host's loop."""
        ...

    def source_digest(self, workflow: str) -> str:
        """The digest of a workflow's source."""
        ...

    def report(self, live: Any) -> None:
        """Log what asyncio had to say about a workflow's tasks."""
        ...

    def linger(self, live: Any) -> None:
        """Suspend the run after a while."""
        ...

    def forget(self, live: Any) -> None:
        """The run has left."""
        ...

    def tell(self, live: Any, then: Then) -> None:
        """Tell who wants to know how it has left."""
        ...
