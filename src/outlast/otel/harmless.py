"""What goes wrong while telling must not stop what is told of."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

logger: Final = logging.getLogger("outlast")


def harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Log what the method raises."""
    return or_else(lambda: None)(method)


def or_else(make: Callable[[], R]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The same for a method that gives something: when it raises, what is made instead."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(*args, **kwargs)
            except Exception:  # whatever a span processor does
                logger.exception("telemetry could not be emitted")
                return make()

        return call

    return decorate
