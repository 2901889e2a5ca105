"""What checks say: this must be so. Not `assert`, which `python -O` leaves out."""

from collections.abc import Awaitable
from typing import NoReturn, TypeVar

T = TypeVar("T")
Raised = TypeVar("Raised", bound=Exception)


def fail(message: str) -> NoReturn:
    """Raise `AssertionError`."""
    raise AssertionError(message)


def equal(got: T, wanted: T, what: str = "the answer") -> None:
    """Raise `AssertionError` unless the two are equal."""
    if got != wanted:
        fail(f"{what} is wrong\n  got:    {got!r}\n  wanted: {wanted!r}")


def true(condition: object, what: str) -> None:
    """Raise `AssertionError` unless the condition is true."""
    if not condition:
        fail(f"this should be so: {what}")


def present(value: T | None, what: str = "a value") -> T:
    """The value, which must be there."""
    if value is None:
        fail(f"{what} should be there")
    return value


async def raises(kind: type[Raised], action: Awaitable[object]) -> Raised:
    """The error of this kind that the action must raise."""
    try:
        answer = await action
    except kind as error:
        return error
    fail(f"{kind.__name__} should be raised; the answer was {answer!r}")
