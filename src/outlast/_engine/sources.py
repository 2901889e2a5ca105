"""Where workflow code gets its time and its chance from: the run that is being executed."""

from asyncio import events
from typing import Protocol

from outlast._clock import Micros
from outlast._ids import Chance


class Sources(Protocol):
    """The time and the chance of one run: the same at each replay."""

    def now(self) -> Micros:
        """The logical time of the run: that of the last event fed."""
        ...

    @property
    def chance(self) -> Chance:
        """The run's generator. Each value drawn from it counts."""
        ...


def current_sources() -> Sources | None:
    """The sources of the run whose turn it is on this thread; `None` outside of workflow code."""
    return getattr(events._get_running_loop(), "sources", None)
