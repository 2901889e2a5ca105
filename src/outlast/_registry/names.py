"""Names of definitions, and the places they are written at."""

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeGuard

import msgspec

from outlast.errors import DefinitionError

LONGEST_NAME: Final = 200
"""Characters of a name that a database keeps in an index: an index of PostgreSQL takes no long ones."""


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

    Raises `DefinitionError` for one that is no text, is empty, too long or cannot be printed.
    """
    text: object = definition_name(fn) if name is None else name
    if not is_name(text):
        what = f"{_short(text)} cannot be its name: it is 1 to {LONGEST_NAME} printable characters"
        raise DefinitionError(fn.__qualname__, what)
    return text


def is_name(text: object, longest: int = LONGEST_NAME) -> TypeGuard[str]:
    """Whether it is a text that logs, lists and indexes can take."""
    return isinstance(text, str) and 1 <= len(text) <= longest and text.isprintable()


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:50]}... ({len(shown)} characters)"


def definition_place(fn: Callable[..., Any]) -> Place:
    """The file and line of a function's `def`."""
    code = inspect.unwrap(fn).__code__
    return Place(code.co_filename, code.co_firstlineno)
