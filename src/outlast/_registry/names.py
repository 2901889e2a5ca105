"""Names of definitions, and the places they are written at."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from outlast.errors import DefinitionError


class Place(msgspec.Struct, frozen=True):
    """Where a function is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def definition_name(fn: Callable[..., Any]) -> str:
    """The qualified name without `<locals>`: `charge`, `Orders.charge`, `make_flow.flow`.

    The module is left out, so that a script run as `__main__` and the same file loaded by a worker
    agree (docs/adr/0008).
    """
    return fn.__qualname__.replace("<locals>.", "")


def checked_name(name: str | None, fn: Callable[..., Any]) -> str:
    """The name that was given, or that of the function.

    Raises `DefinitionError` for one that is no text, is empty or cannot be printed.
    """
    if name is None:
        return definition_name(fn)
    text: object = name
    if not (isinstance(text, str) and text and text.isprintable()):
        raise DefinitionError(
            fn.__qualname__, f"{name!r} cannot be its name: it is a printable text"
        )
    return name


def definition_place(fn: Callable[..., Any]) -> Place:
    """The file and line of a function's `def`."""
    code = inspect.unwrap(fn).__code__
    return Place(code.co_filename, code.co_firstlineno)
