"""Names of definitions, and the places they are written at."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec


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


def definition_place(fn: Callable[..., Any]) -> Place:
    """The file and line of a function's `def`."""
    code = inspect.unwrap(fn).__code__
    return Place(code.co_filename, code.co_firstlineno)
