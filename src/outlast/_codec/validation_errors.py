"""pydantic's `ValidationError`: it has a layout of its own, which only its maker can fill.

pydantic is not imported here: there can only be such an error, and a class for it, where it is loaded.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, get_args

Details: TypeAlias = Sequence[Mapping[str, Any]]
"""What is wrong, place by place: `type`, `loc`, `msg`, `input`, `ctx`."""


def is_validation_error(cls: type) -> bool:
    """By name: the class is final, so there are no others."""
    return (cls.__module__, cls.__name__) == ("pydantic_core._pydantic_core", "ValidationError")


def validation_details(error: Any) -> Details:
    """The details of one. Inputs are left out where the model hides them in its messages."""
    details: Details = error.errors(include_url=False, include_input="input_value=" in str(error))
    return details


def make_validation_error(cls: Any, title: object, details: Details) -> BaseException | None:
    """The error of that class again; `None` if this version of pydantic cannot make it."""
    if type(title) is not str:  # pydantic's core does not survive others
        return None
    hidden = any("input" not in one for one in details)
    try:
        lines = [_line(one) for one in details]
        made: BaseException = cls.from_exception_data(title, lines, hide_input=hidden)
    except (KeyError, TypeError, ValueError):
        return None
    return made


def _line(detail: Mapping[str, Any]) -> dict[str, Any]:
    """A detail as pydantic takes it. What is none of its own types of errors was made by a validator."""
    line: dict[str, Any] = {"input": None, **detail}
    line["loc"] = tuple([part for part in line.get("loc", ()) if type(part) in (str, int)])
    message = line.pop("msg")
    core: Any = sys.modules["pydantic_core"]
    if line["type"] not in get_args(core.core_schema.ErrorType):
        custom = core.PydanticCustomError(line["type"], message, line.pop("ctx", None))
        return {**line, "type": custom}
    return line
