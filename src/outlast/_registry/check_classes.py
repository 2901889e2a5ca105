"""What a class of the user's may run when workflow code uses it."""

import inspect
from collections.abc import Iterator, Set
from itertools import chain
from types import FunctionType
from typing import Any, Final

import msgspec

from outlast._registry.check_origin import is_user_function
from outlast._registry.check_table import words

_BY_USE: Final = words(
    "__init__ __new__ __post_init__ __attrs_post_init__ model_post_init __call__ __enter__ __exit__"
    " __aenter__ __aexit__ __iter__ __next__ __aiter__ __anext__"
)
"""Methods that run without being named."""


def methods_used(cls: type, names: Set[str]) -> Iterator[FunctionType]:
    """The methods of the user's that code with these names in it may call. A guess: by name alone.

    Generated methods are left out: what they call is a field's default.
    """
    members = chain.from_iterable(vars(base).items() for base in cls.__mro__)
    for name, member in members:
        function = plain_function(member) if name in _BY_USE or name in names else None
        if function is not None and _is_written_by_user(function):
            yield function


def plain_function(member: object) -> FunctionType | None:
    """The function of a method, a static or class method, or a property."""
    found: Any = member
    if type(found) in (staticmethod, classmethod):
        found = found.__func__
    elif isinstance(found, property):
        found = found.fget
    return found if isinstance(found, FunctionType) else None


def _is_written_by_user(function: FunctionType) -> bool:
    file = function.__code__.co_filename
    return is_user_function(function) and not file.startswith(("<string", "<attrs"))


def default_factories(cls: type) -> Iterator[tuple[str, Any]]:
    """The names and factories of the fields that make their own defaults: of dataclasses, attrs and
    msgspec classes, and pydantic models."""
    for name, field in _own(cls, "__dataclass_fields__", {}).items():
        yield name, field.default_factory
    for name, field in _own(cls, "__pydantic_fields__", {}).items():
        yield name, field.default_factory
    for field in _own(cls, "__attrs_attrs__", ()):
        yield field.name, getattr(field.default, "factory", None)
    if issubclass(cls, msgspec.Struct):
        defaults = reversed(cls.__struct_defaults__)
        for name, default in zip(reversed(cls.__struct_fields__), defaults, strict=False):
            yield name, getattr(default, "factory", None)


def _own(cls: type, name: str, default: Any) -> Any:
    """An attribute that a library has set on the class, as plain data; anything else is not it."""
    found = inspect.getattr_static(cls, name, default)
    return found if isinstance(found, type(default)) else default
