"""Classes that are made of named fields: which there are, and how each is taken apart and rebuilt."""

from enum import Enum
from typing import Any, Final, Protocol, TypeAlias
from weakref import WeakKeyDictionary

import msgspec

Fields: TypeAlias = dict[str, Any]


class Parts(msgspec.Struct, omit_defaults=True):
    """What is recorded of a value with named fields."""

    fields: Fields
    """By attribute name, in the order of the class. A field that is not set is left out."""
    extra: Fields = {}
    """Attributes beyond the fields. Not among them: cached properties and dunder names."""
    private: Fields | None = None
    """The private attributes of a pydantic model."""
    given: list[str] | None = None
    """The fields of a pydantic model that were given, where these are not all."""


class Shape(Protocol):
    """How the values of one class are taken apart and rebuilt.

    A shape holds no reference to its class, so that classes made at run time can go.
    """

    def take(self, value: Any) -> Parts:
        """The parts of a value. Raises `Refused` if it cannot be rebuilt from them."""
        ...

    def make(self, cls: Any, parts: Parts) -> object:
        """The value again, without calling `__init__`.

        The class may have changed since: a field that it no longer has is dropped, one that is
        new gets its default. Raises `Unreadable` for a new field without a default.
        """
        ...


class ShapeKind(Protocol):
    """Recognises one kind of class."""

    def __call__(self, cls: type) -> Shape | None: ...


class Shapes:
    """Finds the shape of a class, once a class."""

    def __init__(self, kinds: tuple[ShapeKind, ...]) -> None:
        self._kinds = kinds
        self._known: Final[WeakKeyDictionary[type, Shape | None]] = WeakKeyDictionary()

    def of(self, cls: type) -> Shape | None:
        """The shape of `cls`, or `None` if it is of none of the kinds."""
        try:
            return self._known[cls]
        except KeyError:
            shape = self._known[cls] = self._find(cls)
            return shape

    def _find(self, cls: type[object]) -> Shape | None:
        if any(issubclass(cls, other) for other in (BaseException, Enum)):
            return None  # these have forms of their own, also where they are dataclasses besides
        shapes = (kind(cls) for kind in self._kinds)
        return next((shape for shape in shapes if shape is not None), None)
