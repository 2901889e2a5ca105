"""Validating and coercing the arguments of a call against a signature, with pydantic."""

import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeAlias

from outlast.errors import DefinitionError, InvalidArgumentsError

BoundArguments: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


class Arguments:
    """The arguments that a function takes. Raises `DefinitionError` for an annotation that means nothing, or by which
    nothing can be validated."""

    def __init__(self, name: str, fn: Callable[..., Any]) -> None:
        self._name = name
        self._parameters = tuple(inspect.signature(fn).parameters)
        self._validate, self._invalid = _validator(name, fn)

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
        elif isinstance(first, int):
            first = f"argument {first + 1}"
        place = ".".join(str(part) for part in (first, *rest))
        return f"{place}: {detail['msg']}" if place else str(detail["msg"])


def _validator(
    name: str, fn: Callable[..., Any]
) -> tuple[Callable[..., BoundArguments], type[ValueError]]:
    """What validates calls, and the error that it raises."""
    # Here and not above: it is a third of the time that `import outlast` takes, and only a process that
    # makes calls needs it.
    from pydantic import ConfigDict, ValidationError, validate_call

    validate = validate_call(config=ConfigDict(arbitrary_types_allowed=True))
    try:
        return validate(_capture(name, fn)), ValidationError
    except Exception as error:  # pydantic's own and, for metadata that does not fit its type, any
        reason = getattr(error, "message", error)
        problem = f"its arguments cannot be validated by their annotations: {reason}"
        raise DefinitionError(name, problem) from error


def _capture(name: str, fn: Callable[..., Any]) -> Callable[..., BoundArguments]:
    """A function with the parameters of `fn` that gives back what it was called with."""
    signature = inspect.signature(fn)
    hints = _annotations(name, fn)
    hints.pop("return", None)

    def capture(*args: Any, **kwargs: Any) -> BoundArguments:
        return args, kwargs

    capture.__signature__ = signature.replace(return_annotation=inspect.Signature.empty)  # type: ignore[attr-defined]
    capture.__annotations__ = hints
    capture.__module__, capture.__qualname__ = fn.__module__, fn.__qualname__
    return capture


def _annotations(name: str, fn: Callable[..., Any]) -> dict[str, Any]:
    """What the annotations mean. Raises `DefinitionError` that names the parameter of one that means nothing."""
    try:
        return typing.get_type_hints(fn, include_extras=True)
    except Exception as error:
        parameter = _first_unknown(fn)
        if parameter is None:
            raise
        written = inspect.formatannotation(fn.__annotations__[parameter])
        problem = f"the annotation of {parameter}, {written}, cannot be resolved: {error}"
        hint = "Import or define what it names where the whole module sees it."
        raise DefinitionError(name, problem, hint=hint) from error


def _first_unknown(fn: Callable[..., Any]) -> str | None:
    for parameter, annotation in fn.__annotations__.items():
        alone = type("Alone", (), {"__annotations__": {parameter: annotation}})
        try:
            typing.get_type_hints(alone, getattr(fn, "__globals__", {}))
        except Exception:  # noqa: BLE001 - an annotation is code: it may raise anything
            return parameter
    return None
