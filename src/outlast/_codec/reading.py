"""The odd path of decoding: a tree of JSON types in which tagged objects become values again."""

from collections.abc import Callable, Mapping
from enum import Enum, Flag
from functools import partial
from typing import Any, TypeAlias, TypeGuard

from outlast._codec.classes import find_class, is_local
from outlast._codec.error_read import read_error
from outlast._codec.kinds import SHAPES, Registration
from outlast._codec.plain import TAG
from outlast._codec.scalars import MALFORMED, SCALAR_BY_TAG, Scalar
from outlast._codec.shapes import Parts
from outlast._codec.trail import Unreadable, member, type_name

Form: TypeAlias = dict[str, Any]


class Reader:
    """Turns trees back into values. The tree is used up: its lists and dicts become the value's."""

    def __init__(self, registered: Mapping[str, Registration]) -> None:
        self._registered = registered
        self._read: dict[str, Callable[[Form], object]] = {
            "dict": self._dict,
            "tuple": self._tuple,
            "set": self._set,
            "frozenset": self._frozenset,
            "object": self._object,
            "enum": self._enum,
            "exception": self._exception,
            **{tag: partial(self._scalar, scalar) for tag, scalar in SCALAR_BY_TAG.items()},
        }

    def value(self, tree: object) -> Any:
        """The value of a tree. Raises `Unreadable`."""
        if _is_list(tree):
            return self._items(tree)
        if not _is_form(tree):
            return tree
        return self._tagged(tree[TAG], tree) if TAG in tree else self._fields(tree)

    def _items(self, items: list[Any]) -> list[Any]:
        index = 0
        try:
            for index, item in enumerate(items):
                items[index] = self.value(item)
        except Unreadable as unreadable:
            unreadable.under(f"[{index}]")
            raise
        return items

    def _fields(self, fields: Form) -> Form:
        name = ""
        try:
            for name, item in fields.items():
                fields[name] = self.value(item)
        except Unreadable as unreadable:
            unreadable.under(member(name))
            raise
        return fields

    def _tagged(self, tag: str, form: Form) -> object:
        try:
            read = self._read.get(tag) or self._registration(tag)
            return read(form)
        except MALFORMED as error:
            reason = f"it has a malformed {tag!r}: {type_name(type(error))}: {error}"
            raise Unreadable(reason) from error

    def _scalar(self, scalar: Scalar, form: Form) -> object:
        return scalar.read(self._fields(form))

    def _registration(self, tag: str) -> Callable[[Form], object]:
        registration = self._registered.get(tag)
        if registration is None:
            reason = f"it has the type tag {tag!r}, which nothing here is registered for"
            raise Unreadable(reason)
        return partial(self._registered_value, registration)

    def _registered_value(self, registration: Registration, form: Form) -> object:
        inner = self.value(form["value"])
        try:
            return registration.decode(inner)
        except Exception as error:
            reason = (
                f"the decoder for {registration.tag!r} raised {type_name(type(error))}: {error}"
            )
            raise Unreadable(reason) from error

    def _tuple(self, form: Form) -> object:
        return tuple(self._items(_list(form["items"])))

    def _set(self, form: Form) -> object:
        return set(self._items(_list(form["items"])))

    def _frozenset(self, form: Form) -> object:
        return frozenset(self._items(_list(form["items"])))

    def _dict(self, form: Form) -> object:
        value: dict[Any, object] = {}
        segment = ""
        try:
            for index, (key_tree, item) in enumerate(_list(form["items"])):
                segment = f".keys()[{index}]"
                key = self.value(key_tree)
                segment = member(key)
                value[key] = self.value(item)
        except Unreadable as unreadable:
            unreadable.under(segment)
            raise
        return value

    def _object(self, form: Form) -> object:
        cls = _class(form)
        shape = SHAPES.of(cls)
        if shape is None:
            reason = f"it names {form['class']!r}, which is not of a kind that is stored"
            raise Unreadable(reason)
        private = form.get("private")
        return shape.make(
            cls,
            Parts(
                self._fields(form["fields"]),
                self._fields(form.get("extra", {})),
                None if private is None else self._fields(private),
                form.get("given"),
            ),
        )

    def _enum(self, form: Form) -> object:
        cls = _class(form)
        if not issubclass(cls, Enum):
            reason = f"it names {form['class']!r}, which is not an enumeration"
            raise Unreadable(reason)
        if issubclass(cls, Flag):
            return cls(form["value"])
        if form["name"] not in cls.__members__:
            reason = f"{type_name(cls)} has no member {form['name']!r}"
            raise Unreadable(reason)
        return cls.__members__[form["name"]]

    def _exception(self, form: Form) -> object:
        return read_error(form, self.value)


def _class(form: Form) -> type:
    name = form["class"]
    if type(name) is not str:
        raise TypeError(name)
    cls = find_class(name)
    if cls is not None:
        return cls
    reason = "no module that is loaded here has such a class"
    if is_local(name):
        reason = "a class that a function defines cannot be found again"
    elif find_class(name.partition("[")[0]) is not None:
        reason = "nothing that is loaded here names the class with these parameters; name it in its module"
    raise Unreadable(f"it is a {name!r}: {reason}")


def _list(value: object) -> list[Any]:
    if not _is_list(value):
        raise TypeError("a list is missing")
    return value


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return type(value) is list


def _is_form(value: object) -> TypeGuard[Form]:
    return type(value) is dict
