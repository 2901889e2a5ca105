"""The odd path of encoding: a value becomes a tree of JSON types, with tagged objects in it."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from enum import Enum, Flag
from typing import Any, Final, TypeAlias, cast

import msgspec

from outlast._codec.classes import is_local, recorded_name
from outlast._codec.error_write import error_tree
from outlast._codec.kinds import SHAPES, Registration
from outlast._codec.plain import MAX_DEPTH, TAG, is_finite, to_json
from outlast._codec.scalars import SCALAR_BY_CLASS, Scalar, is_long_int, is_text
from outlast._codec.shapes import Fields, Parts, Shape
from outlast._codec.trail import Refused, TooDeep, member, type_name

Tree: TypeAlias = Any
"""What JSON can hold, `msgspec.Raw` included."""

_MAX_ERRORS: Final = 32
_CONTAINERS: Final = (str, int, float, complex, bytes, bytearray, list, tuple, dict, set, frozenset)


class Oversized(Exception):  # noqa: N818 - a private signal; it becomes a PayloadTooLargeError
    """The value has more parts than the budget allows, so that writing it out is pointless.

    Guards against values that share parts so often that the text of them is astronomically long.
    """


class Writer:
    """Encodes one value. Not to be used twice."""

    def __init__(self, registered: Mapping[type, Registration], budget: int) -> None:
        self._registered = registered
        self._left = budget
        self._errors: list[int] = []

    def tree(self, value: Any, depth: int = MAX_DEPTH) -> Tree:
        """The tree of `value`. Raises `Refused` or `Oversized`."""
        kind = cast("type[object]", type(value))
        if kind is str:
            return value if is_text(value) else self._scalar(SCALAR_BY_CLASS[str], value, depth)
        if kind is int:
            return (
                value
                if not is_long_int(value)
                else self._scalar(SCALAR_BY_CLASS[int], value, depth)
            )
        if kind is bool or value is None:
            return value
        if kind is float:
            if is_finite(value):
                return value
            return self._scalar(SCALAR_BY_CLASS[float], value, depth)
        return self._odd(kind, value, depth)

    def error(self, error: BaseException, depth: int = MAX_DEPTH) -> Tree:
        """The tree of an exception. What it holds is dropped, with a mark, where it has no form.

        Raises `Refused` only for an exception that is being written already, or a chain too long.
        """
        if id(error) in self._errors or len(self._errors) == _MAX_ERRORS or depth <= 0:
            raise Refused(error, "which is part of itself, or of too long a chain of exceptions")
        self._errors.append(id(error))
        try:
            return error_tree(error, lambda part: self._part_of_error(part, depth - 1))
        finally:
            self._errors.pop()

    def _part_of_error(self, part: object, depth: int) -> Tree:
        try:
            return self.tree(part, depth)
        except Refused:
            return {TAG: "dropped", "of": type_name(type(part))}

    def _odd(self, kind: type[object], value: Any, depth: int) -> Tree:
        if kind in self._registered:
            return self._registration(self._registered[kind], value, depth)
        write = _WRITE.get(kind)
        if write is not None:
            return write(self, value, depth)
        scalar = SCALAR_BY_CLASS.get(kind)
        if scalar is not None:
            return self._scalar(scalar, value, depth)
        if issubclass(kind, BaseException):
            return self.error(value, depth)
        if issubclass(kind, Enum):
            return self._enum(value)
        shape = SHAPES.of(kind)
        if shape is None:
            raise Refused(value, _reason(kind))
        return self._object(shape, value, depth)

    def _enter(self, value: object, depth: int, parts: int) -> None:
        if depth <= 0:
            raise TooDeep(value, MAX_DEPTH)
        self._left -= parts
        if self._left < 0:
            raise Oversized

    def list_tree(self, value: list[object], depth: int) -> Tree:
        return self._items(value, value, depth)

    def tuple_tree(self, value: tuple[object, ...], depth: int) -> Tree:
        return {TAG: "tuple", "items": self._items(value, value, depth)}

    def _items(self, value: object, items: list[object] | tuple[object, ...], depth: int) -> Tree:
        self._enter(value, depth, len(items))
        trees: list[Tree] = []
        try:
            for item in items:
                trees.append(self.tree(item, depth - 1))
        except Refused as refused:
            refused.under(f"[{len(trees)}]", value)
            raise
        return trees

    def set_tree(self, value: set[object], depth: int) -> Tree:
        return {TAG: "set", "items": self._sorted_items(value, depth)}

    def frozenset_tree(self, value: frozenset[object], depth: int) -> Tree:
        return {TAG: "frozenset", "items": self._sorted_items(value, depth)}

    def _sorted_items(self, value: Iterable[object], depth: int) -> Tree:
        # Sets iterate by hash, which differs between processes; their bytes do not.
        items = list(value)
        self._enter(value, depth, len(items))
        try:
            encoded = sorted(to_json(self.tree(item, depth - 1)) for item in items)
        except Refused as refused:
            refused.under("{...}", value)
            raise
        return [msgspec.Raw(item) for item in encoded]

    def dict_tree(self, value: dict[Any, object], depth: int) -> Tree:
        self._enter(value, depth, len(value))
        if TAG in value or not all(type(key) is str and is_text(key) for key in value):
            return {TAG: "dict", "items": self._pairs(value, depth)}
        return self._values(value, value, depth, member)

    def _values(
        self, container: object, fields: Fields, depth: int, segment: Callable[[object], str]
    ) -> Tree:
        tree: dict[str, Tree] = {}
        name = ""
        try:
            for name, item in fields.items():
                tree[name] = self.tree(item, depth - 1)
        except Refused as refused:
            refused.under(segment(name), container)
            raise
        return tree

    def _pairs(self, value: dict[Any, object], depth: int) -> Tree:
        pairs: list[Tree] = []
        segment = ""
        try:
            for index, (key, item) in enumerate(value.items()):
                segment = f".keys()[{index}]"
                key_tree = self.tree(key, depth - 1)
                segment = member(key)
                pairs.append([key_tree, self.tree(item, depth - 1)])
        except Refused as refused:
            refused.under(segment, value)
            raise
        return pairs

    def _scalar(self, scalar: Scalar, value: object, depth: int) -> Tree:
        # Parts of scalars are scalars, so their depth does not count.
        parts = scalar.write(value)
        return {TAG: scalar.tag, **{name: self.tree(part, depth) for name, part in parts.items()}}

    def _enum(self, value: Enum) -> Tree:
        kind = type(value)
        form = {TAG: "enum", "class": _name_of_class(value)}
        if isinstance(value, Flag):
            return {**form, "value": value.value}
        if kind.__members__.get(value.name) is not value:
            raise Refused(value, "which is not a member of its enumeration")
        return {**form, "name": value.name}

    def _object(self, shape: Shape, value: object, depth: int) -> Tree:
        parts = shape.take(value)
        self._enter(value, depth, len(parts.fields))
        form: dict[str, Tree] = {
            TAG: "object",
            "class": _name_of_class(value),
            "fields": self._values(value, parts.fields, depth, member),
        }
        return form | self._beyond_fields(parts, value, depth)

    def _beyond_fields(self, parts: Parts, value: object, depth: int) -> dict[str, Tree]:
        form: dict[str, Tree] = {}
        if parts.extra:
            form["extra"] = self._values(value, parts.extra, depth, member)
        if parts.private:
            form["private"] = self._values(value, parts.private, depth, member)
        if parts.given is not None:
            form["given"] = parts.given
        return form

    def _registration(self, registration: Registration, value: object, depth: int) -> Tree:
        try:
            inner = registration.encode(value)
        except Exception as error:
            reason = f"and its registered encoder raised {type_name(type(error))}: {error}"
            raise Refused(value, reason) from error
        self._enter(value, depth, 1)
        try:
            return {TAG: registration.tag, "value": self.tree(inner, depth - 1)}
        except Refused as refused:
            refused.under("", value)
            raise


_WRITE: Final[dict[type, Callable[[Writer, Any, int], Tree]]] = {
    dict: Writer.dict_tree,
    list: Writer.list_tree,
    tuple: Writer.tuple_tree,
    set: Writer.set_tree,
    frozenset: Writer.frozenset_tree,
}


def _name_of_class(value: object) -> str:
    """Raises `Refused` if no later process could find the class: what is recorded can be read."""
    cls = type(value)
    name = recorded_name(cls)
    if name is None:
        raise Refused(
            value, _LOCAL if is_local(cls.__qualname__) else _UNREACHED, hint=_AT_MODULE_LEVEL
        )
    return name


_LOCAL: Final = "which a function defines, so that no later process could find it"
_UNREACHED: Final = (
    "which its module does not have under this name, so that no later process could find it"
)
_AT_MODULE_LEVEL: Final = (
    "Define the class at module level (or register it: Codec().register(...))."
)


def _reason(cls: type) -> str:
    base = next((base for base in _CONTAINERS if issubclass(cls, base)), None)
    if base is not None:
        return f"a subclass of {base.__name__} that would come back as a plain {base.__name__}"
    if issubclass(cls, Coroutine):
        return "which has no durable form: is an `await` missing?"
    return "which has no durable form"
