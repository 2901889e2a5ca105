"""What workflow code sees in place of what it must not use: it looks the same and raises at use.

Outside of a run all of these do what the real thing does, so that a workflow function can be called in
a unit test.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from outlast._engine.lens_globals import workflow_line
from outlast._engine.sources import current_sources
from outlast._registry.check_rules import Rule
from outlast.errors import NotDurableError


def refused(rule: Rule, real: Any) -> Any:
    """The stand-in for a function, a class, or another object that a rule refuses."""
    if isinstance(real, type):
        return _RefusedClass(rule, real)
    return _refused_function(rule, real) if callable(real) else _RefusedObject(rule, real)


def refuse(rule: Rule) -> None:
    """Raise `NotDurableError` if workflow code of a run is being executed."""
    if current_sources() is None:
        return
    line = workflow_line()
    raise NotDurableError(f"{rule.name} at {line}" if line else rule.name, rule.instead)


def _refused_function(rule: Rule, real: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        refuse(rule)
        return real(*args, **kwargs)

    return call


class _Refused:
    """What both kinds of stand-ins have: a rule, and the real object."""

    __slots__ = ("_outlast_real", "_outlast_rule")

    def __init__(self, rule: Rule, real: Any) -> None:
        self._outlast_rule = rule
        self._outlast_real = real

    def __eq__(self, other: object) -> bool:
        return bool(self._outlast_real == other)

    def __hash__(self) -> int:
        return hash(self._outlast_real)

    def __repr__(self) -> str:
        return repr(self._outlast_real)


class _RefusedClass(_Refused):
    """A class that cannot be instantiated in a run, but can be named: in annotations, `isinstance`,
    as a base, and for what it has."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse(self._outlast_rule)
        return self._outlast_real(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outlast_real, name)

    def __getitem__(self, item: Any) -> Any:
        return self._outlast_real[item]

    def __or__(self, other: Any) -> Any:
        return self._outlast_real | other

    def __ror__(self, other: Any) -> Any:
        return other | self._outlast_real

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self._outlast_real)

    def __subclasscheck__(self, value: type) -> bool:
        return issubclass(value, self._outlast_real)

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._outlast_real,)


class _RefusedObject(_Refused):
    """An object that cannot be looked into in a run: `os.environ`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outlast_open(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._outlast_open()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._outlast_open()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._outlast_open()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._outlast_open()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._outlast_open())

    def __len__(self) -> int:
        return len(self._outlast_open())

    def __or__(self, other: Any) -> Any:
        return self._outlast_open() | other

    def __ror__(self, other: Any) -> Any:
        return other | self._outlast_open()

    def _outlast_open(self) -> Any:
        refuse(self._outlast_rule)
        return self._outlast_real
