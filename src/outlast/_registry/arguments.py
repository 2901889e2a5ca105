"""Validating and coercing the arguments of a call against a signature, with pydantic."""

import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeAlias

from outlast.errors import InvalidArgumentsError

BoundArguments: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


class Arguments:
    """The arguments that a function takes."""

    def __init__(self, name: str, fn: Callable[..., Any]) -> None:
        self._name = name
        self._parameters = tuple(inspect.signature(fn).parameters)
        self._validate, self._invalid = _validator(fn)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BoundArguments:
        """The arguments, coerced to their annotations; defaults are filled in and so recorded.

        Raises `InvalidArgumentsError` that lists every problem.
        """
        try:
            return self._validate(*args, **kwargs)
        except self._invalid as error:
            invalid: Any = error
            problems = [self._problem(detail) for detail in invalid.errors(include_url=False)]
            raise InvalidArgumentsError(self._name, problems) from error

    def _problem(self, detail: Any) -> str:
        first, *rest = detail["loc"] or ("",)
        if isinstance(first, int) and first < len(self._parameters):
            first = self._parameters[first]
        place = ".".join(str(part) for part in (first, *rest))
        return f"{place}: {detail['msg']}" if place else str(detail["msg"])


def _validator(fn: Callable[..., Any]) -> tuple[Callable[..., BoundArguments], type[ValueError]]:
    """What validates calls, and the error that it raises."""
    # Here and not above: it is a third of the time that `import outlast` takes, and only a process that
    # makes calls needs it.
    from pydantic import ConfigDict, ValidationError, validate_call

    validate = validate_call(config=ConfigDict(arbitrary_types_allowed=True))
    return validate(_capture(fn)), ValidationError


def _capture(fn: Callable[..., Any]) -> Callable[..., BoundArguments]:
    """A function with the parameters of `fn` that gives back what it was called with."""
    signature = inspect.signature(fn)
    hints = typing.get_type_hints(fn, include_extras=True)
    hints.pop("return", None)

    def capture(*args: Any, **kwargs: Any) -> BoundArguments:
        return args, kwargs

    capture.__signature__ = signature.replace(return_annotation=inspect.Signature.empty)  # type: ignore[attr-defined]
    capture.__annotations__ = hints
    capture.__module__, capture.__qualname__ = fn.__module__, fn.__qualname__
    return capture
