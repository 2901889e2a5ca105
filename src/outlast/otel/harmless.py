"""What goes wrong while telling must not stop what is told of."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

logger: Final = logging.getLogger("outlast")


class Faults:
    """What has gone wrong while telling. It is logged once: what breaks one span breaks thousands."""

    def __init__(self) -> None:
        self._known: set[tuple[type[Exception], str, int]] = set()

    def note(self, error: Exception) -> None:
        """Log the error, unless one of its class was raised by the same line before."""
        if (fault := _fault(error)) in self._known:
            return
        self._known.add(fault)
        logger.error(
            "telemetry could not be emitted; runs go on, and this fault is not logged again",
            exc_info=error,
        )


class Teller:
    """Whose methods can be made harmless."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults


T = TypeVar("T", bound=Teller)


def harmless(method: Callable[Concatenate[T, P], None]) -> Callable[Concatenate[T, P], None]:
    """Note what the method raises."""
    return or_else(lambda: None)(method)


def or_else(
    make: Callable[[], R],
) -> Callable[[Callable[Concatenate[T, P], R]], Callable[Concatenate[T, P], R]]:
    """The same for a method that gives something: when it raises, what is made instead."""

    def decorate(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
        @wraps(method)
        def call(self: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever an SDK does
                self.faults.note(error)
                return make()

        return call

    return decorate


def _fault(error: Exception) -> tuple[type[Exception], str, int]:
    """Its class, and the line that has raised it."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is None:
        return type(error), "", 0
    return type(error), at.tb_frame.f_code.co_filename, at.tb_lineno
