"""What workflow code must not do by itself: one table for the static check and for the lens.

A rule is about an object, not about a word: `import requests as r`, `from os import environ` and a
local variable named `open` are told apart by what they refer to.
"""

import sys
from collections.abc import Callable
from enum import Enum
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias

import msgspec

from outlast._registry.check_table import ROWS, Row

Kind: TypeAlias = Literal["refused", "drawn", "unstable"]
"""`refused`: touches the outside. `drawn`: the lens gives it values drawn from the run.
`unstable`: differs between processes."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one object of a library."""

    name: str
    """How people know it: `open`, `os.environ`."""
    kind: Kind
    instead: str
    """What to do, as a sentence."""
    attributes: tuple[str, ...] = ()
    """If given, only these attributes of the object are meant: `now` of `datetime`."""


class Rules:
    """Finds the rule for an object. Modules are looked at when they have been imported by others;
    nothing is ever imported here."""

    def __init__(self, rows: tuple[Row, ...] = ROWS) -> None:
        self._pending = list(rows)
        self._rows = rows
        self._known: dict[int, tuple[Any, Rule]] = {}
        self._scanned = 0
        self._covered = frozenset(part for row in rows for part in _prefixes(row.module))

    def of(self, value: object) -> Rule | None:
        """The rule for this very object."""
        self._scan()
        known = self._known.get(id(value))
        return known[1] if known is not None else None

    def of_class(self, cls: type) -> Rule | None:
        """The rule that refuses a class or one of its bases."""
        self._scan()
        for base in cls.__mro__:
            known = self._known.get(id(base))
            if known is not None and known[1].kind == "refused" and not known[1].attributes:
                return known[1]
        return None

    def named(self, path: str) -> Rule | None:
        """The rule for `module.name` where the module has not been imported yet."""
        module, _, name = path.rpartition(".")
        for row in self._rows:
            if row.module == module and _meant_by(row)(name):
                return _rule(row, name)
        return None

    def covers(self, module: ModuleType) -> bool:
        """Whether something in the module, or in a module inside it, has a rule."""
        return getattr(module, "__name__", None) in self._covered

    def _scan(self) -> None:
        if len(sys.modules) == self._scanned:
            return
        self._scanned = len(sys.modules)
        self._pending = [row for row in self._pending if not self._index(row)]

    def _index(self, row: Row) -> bool:
        module = sys.modules.get(row.module)
        if module is None or _is_initialising(module):
            return False
        meant = _meant_by(row)
        for name, value in list(vars(module).items()):
            if meant(name) and not _is_harmless(value):
                # The value is kept beside its rule, so that its id cannot be given to another one.
                self._known.setdefault(id(value), (value, _rule(row, name)))
        return True


def _prefixes(module: str) -> list[str]:
    parts = module.split(".")
    prefixes = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return [*prefixes, "posixpath", "ntpath"] if module == "os.path" else prefixes


def _rule(row: Row, name: str) -> Rule:
    full = name if row.module == "builtins" else f"{row.known_as or row.module}.{name}"
    return Rule(name=full, kind=row.kind, instead=row.instead, attributes=row.attributes)


def _meant_by(row: Row) -> Callable[[str], bool]:
    """Whether a row means a name. What begins with an underscore must be spelt out."""
    spelt_out = frozenset(row.names)
    patterns = [name for name in row.names if "*" in name]

    def meant(name: str) -> bool:
        if name in spelt_out or not patterns:  # nearly always: each program asks for thousands
            return name in spelt_out
        return not name.startswith("_") and any(fnmatchcase(name, one) for one in patterns)

    return meant


def _is_harmless(value: object) -> bool:
    """Exceptions are for `except` clauses; enums and modules do nothing by themselves."""
    if isinstance(value, type):
        return issubclass(value, BaseException | Enum)
    return value is None or isinstance(value, ModuleType | bool | int | float | str | bytes | tuple)


def _is_initialising(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


RULES: Final = Rules()
"""The rules of this process."""
