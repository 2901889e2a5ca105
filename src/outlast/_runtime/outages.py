"""Asking a world that cannot be used for now until it can."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from outlast._clock import Clock, sleep_until
from outlast._runtime.backoff import delay_after
from outlast.errors import WorldUnavailableError

logger: Final = logging.getLogger("outlast")

T = TypeVar("T")


async def through_outages(clock: Clock, ask: Callable[[], Awaitable[T]]) -> T:
    """The answer; asked for again, after longer and longer pauses, while the world cannot be used.

    For those who wait anyway, for as long as they like. Raises every other error at once.
    """
    failures = 0
    while True:
        try:
            return await ask()
        except WorldUnavailableError as error:
            if not failures:  # once an outage
                logger.warning("whoever waits for a run waits on for the world: %s", error)
        await sleep_until(clock, clock.now() + delay_after(failures))
        failures += 1
