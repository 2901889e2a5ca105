"""Dataclasses, attrs classes, `msgspec.Struct` and `NamedTuple`."""

import dataclasses
import sys
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from types import MemberDescriptorType
from typing import Any, Final, cast

import msgspec
from msgspec.structs import FieldInfo, force_setattr

from outlast._codec.shapes import Fields, Parts, Shape
from outlast._codec.trail import Refused, Unreadable, type_name

MISSING: Final = object()

_BUILTIN: Final = (str, int, float, complex, bytes, bytearray, list, tuple, dict, set, frozenset)


def dataclass_shape(cls: type) -> Shape | None:
    """The shape of a dataclass, also a pydantic one; not of one that is a container besides."""
    if not dataclasses.is_dataclass(cls) or issubclass(cls, _BUILTIN):
        return None
    fields = dataclasses.fields(cls)
    required = frozenset(field.name for field in fields if field.init)
    slots = tuple(_slots(cls) - {field.name for field in fields})
    return _Record(tuple(field.name for field in fields), required, slots, _dataclass_default)


def attrs_shape(cls: type[object]) -> Shape | None:
    """The shape of an attrs class."""
    fields: Any = getattr(cls, "__attrs_attrs__", None)
    if fields is None or issubclass(cls, _BUILTIN):
        return None
    required = frozenset(field.name for field in fields if field.init)
    # attrs keeps cached hashes and properties in slots of its own, so further slots are not read.
    names = tuple(field.name for field in fields)
    return _Record(names, required, (), _attrs_default, hash_cache=_attrs_hash_cache(cls))


def struct_shape(cls: type) -> Shape | None:
    """The shape of a `msgspec.Struct`."""
    return _STRUCT if issubclass(cls, msgspec.Struct) else None


def named_tuple_shape(cls: type) -> Shape | None:
    """The shape of a `NamedTuple`, or a subclass of one."""
    is_one = hasattr(cls, "_field_defaults") and issubclass(cls, tuple)
    return _NAMED_TUPLE if is_one else None


class _Record:
    """A class whose instances are filled attribute by attribute."""

    def __init__(
        self,
        names: tuple[str, ...],
        required: frozenset[str],
        slots: tuple[str, ...],
        default: Callable[[Any, str, object], object],
        *,
        hash_cache: str | None = None,
    ) -> None:
        self._names, self._hash_cache = names, hash_cache
        self._known = frozenset((*names, hash_cache))
        self._required, self._slots, self._default = required, slots, default

    def take(self, value: Any) -> Parts:
        fields: Fields = {}
        for name in self._names:
            item = getattr(value, name, MISSING)
            if item is not MISSING:
                fields[name] = item
            elif name in self._required:
                raise Refused(value, f"whose field {name!r} is not set")
        return Parts(fields, extra_attributes(value, self._known, self._slots))

    def make(self, cls: Any, parts: Parts) -> object:
        value = object.__new__(cls)
        for name in self._names:
            item = parts.fields.get(name, MISSING)
            if item is MISSING:
                item = self._default(cls, name, value)
            if item is not MISSING:
                object.__setattr__(value, name, item)
            elif name in self._required:
                raise missing_field(cls, name)
        set_attributes(value, parts.extra)
        if self._hash_cache is not None:
            object.__setattr__(value, self._hash_cache, None)
        return value


def _attrs_hash_cache(cls: type) -> str | None:
    """The attribute in which attrs keeps a hash that it computes once; hashes differ by process."""
    code = getattr(cls.__hash__, "__code__", None)
    name = "_attrs_cached_hash"
    return name if code is not None and name in code.co_names else None


def _dataclass_default(cls: Any, name: str, _value: object) -> object:
    field = next(field for field in dataclasses.fields(cls) if field.name == name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return MISSING if field.default is dataclasses.MISSING else field.default


def _attrs_default(cls: Any, name: str, value: object) -> object:
    attr: Any = sys.modules["attr"]  # loaded, as there is a class made by it
    default = next(field.default for field in cls.__attrs_attrs__ if field.name == name)
    if default is attr.NOTHING:
        return MISSING
    if not isinstance(default, attr.Factory):
        return default
    return default.factory(value) if default.takes_self else default.factory()


class _StructShape:
    """`__post_init__` cannot be kept from running; the recorded values are put back after it."""

    def take(self, value: Any) -> Parts:
        names: tuple[str, ...] = value.__struct_fields__
        fields: Fields = {}
        for name in names:
            item = fields[name] = getattr(value, name, MISSING)
            if item is MISSING:
                raise Refused(value, f"whose field {name!r} is not set")
        return Parts(fields, extra_attributes(value, frozenset(names)))

    def make(self, cls: Any, parts: Parts) -> object:
        infos = _struct_fields(cls)
        fields = {info.name: parts.fields.get(info.name, MISSING) for info in infos}
        for info in infos:
            if fields[info.name] is MISSING:
                fields[info.name] = _struct_default(cls, info)
        value = cls(**fields)
        if hasattr(cls, "__post_init__"):
            for name, item in fields.items():
                force_setattr(value, name, item)
        set_attributes(value, parts.extra)
        return value


@lru_cache(maxsize=1_000)
def _struct_fields(cls: type) -> tuple[FieldInfo, ...]:
    """They resolve the annotations each time that they are asked for."""
    return msgspec.structs.fields(cls)


def _struct_default(cls: type, info: FieldInfo) -> object:
    if info.default_factory is not msgspec.NODEFAULT:
        return info.default_factory()
    if info.default is msgspec.NODEFAULT:
        raise missing_field(cls, info.name)
    return info.default


class _NamedTupleShape:
    """Rebuilt as a tuple is, whatever `__new__` a subclass has."""

    def take(self, value: Any) -> Parts:
        fields = dict(zip(value._fields, tuple(value), strict=True))
        return Parts(fields, extra_attributes(value, frozenset()))

    def make(self, cls: Any, parts: Parts) -> object:
        given = {**cls._field_defaults, **parts.fields}
        try:
            items = [given[name] for name in cls._fields]
        except KeyError as error:
            raise missing_field(cls, str(error.args[0])) from None
        value: object = cast(Any, tuple).__new__(cls, items)
        set_attributes(value, parts.extra)
        return value


_STRUCT: Final = _StructShape()
_NAMED_TUPLE: Final = _NamedTupleShape()


def missing_field(cls: type, name: str) -> Unreadable:
    """A recorded value lacks what its class now demands."""
    return Unreadable(
        f"a {type_name(cls)} was recorded without the field {name!r}, which has no default"
    )


def extra_attributes(
    value: Any, fields: frozenset[str | None], slots: tuple[str, ...] = ()
) -> Fields:
    """The attributes that a value has beyond its fields, and that cannot be computed again."""
    attributes: Mapping[str, object] = getattr(value, "__dict__", {})
    if not slots and attributes.keys() <= fields:
        return {}
    extra = {
        name: item
        for name, item in attributes.items()
        if name not in fields and not is_dunder(name) and not _is_cached(value.__class__, name)
    }
    for name in slots:
        if hasattr(value, name):
            extra[name] = getattr(value, name)
    return extra


def set_attributes(value: object, attributes: Fields) -> None:
    """Set attributes as they are, past any `__setattr__` of the class."""
    for name, item in attributes.items():
        if is_dunder(name):
            continue
        try:
            object.__setattr__(value, name, item)
        except AttributeError:
            reason = f"a {type_name(type(value))} was recorded with the attribute {name!r}, for which it has no place"
            raise Unreadable(reason) from None


def is_dunder(name: str) -> bool:
    """Whether a name belongs to Python or to a library that acts for it."""
    return name.startswith("__") and name.endswith("__")


def _is_cached(cls: type, name: str) -> bool:
    found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
    return isinstance(found, cached_property)


def _slots(cls: type) -> set[str]:
    return {
        name
        for base in cls.__mro__
        for name, item in vars(base).items()
        if isinstance(item, MemberDescriptorType) and not is_dunder(name)
    }
