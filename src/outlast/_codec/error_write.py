"""Exceptions as data. Whatever an exception does when it is looked at, it can be written down."""

import traceback
from collections.abc import Callable
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final, TypeVar, cast

from outlast._codec.classes import class_name, remember_class
from outlast._codec.plain import TAG
from outlast._codec.records import is_dunder

T = TypeVar("T")

RECORDED_TRACEBACK: Final = "__recorded_traceback__"
"""The attribute of a rebuilt exception that has the traceback text it was recorded with."""

_LONGEST_TEXT: Final = 65_536
_LONGEST_LEAN_TEXT: Final = 4_096
_LONGEST_LEAN_CHAIN: Final = 4


def error_tree(error: BaseException, tree: Callable[[object], object]) -> dict[str, object]:
    """The form of an exception. `tree` encodes a part of it and must not refuse any."""
    form = _head(error, _LONGEST_TEXT)
    members = _members(error)
    args = args_of(error)
    if members is None:
        form["args"] = [tree(arg) for arg in args]
    else:
        args = ()  # its message is an attribute too, and its members are recorded as such
        form["members"] = [tree(each) for each in members]
    attributes = _attributes(error, args)
    if attributes:
        form["attributes"] = {name: tree(item) for name, item in attributes.items()}
    notes = _notes(error)
    if notes:
        form["notes"] = notes
    return (
        form | {name: tree(other) for name, other in _linked(error).items()} | _suppression(error)
    )


def lean_error_tree(error: BaseException, chain: int = _LONGEST_LEAN_CHAIN) -> dict[str, object]:
    """The form of an exception whose full form is too large: short texts, a short chain, no more."""
    form = _head(error, _LONGEST_LEAN_TEXT)
    if chain > 0:
        linked = _linked(error)
        form |= {name: lean_error_tree(other, chain - 1) for name, other in linked.items()}
    return form | _suppression(error)


def recorded_traceback(error: BaseException) -> str:
    """The traceback text that a decoded exception was recorded with; empty for any other."""
    text = _dict_of(error).get(RECORDED_TRACEBACK)
    return text if isinstance(text, str) else ""


def args_of(error: BaseException) -> tuple[Any, ...]:
    """The arguments as the interpreter keeps them, past any property of the class."""
    args: tuple[Any, ...] = vars(BaseException)["args"].__get__(error)
    return args


def descriptors(cls: type) -> dict[str, Any]:
    """The slots of an exception class, and the fields that Python's own exceptions have."""
    return {
        name: item
        for base in reversed(cls.__mro__)
        if base not in (object, BaseException)
        for name, item in vars(base).items()
        if isinstance(item, MemberDescriptorType | GetSetDescriptorType) and not is_dunder(name)
    }


def _head(error: BaseException, longest: int) -> dict[str, object]:
    return {
        TAG: "exception",
        "class": _clean(_safely(lambda: _name(type(error)), "builtins:BaseException"), longest),
        "message": _clean(_safely(lambda: str(error), "<no message: str() failed>"), longest),
        "traceback": _clean(_traceback(error), longest),
    }


def _name(cls: type) -> str:
    if "<locals>" in cls.__qualname__:
        remember_class(cls)
    return class_name(cls)


def _traceback(error: BaseException) -> str:
    recorded = recorded_traceback(error)
    if recorded and error.__traceback__ is None:
        return recorded
    raised = _safely(lambda: "".join(traceback.format_exception(error, chain=False)), "")
    return f"{recorded}\nraised again:\n\n{raised}" if recorded else raised


def _members(error: BaseException) -> tuple[BaseException, ...] | None:
    if not isinstance(error, BaseExceptionGroup):
        return None
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(error)
    return members


def _attributes(error: BaseException, args: tuple[object, ...]) -> dict[str, object]:
    attributes = {name: item for name, item in _dict_of(error).items() if not is_dunder(name)}
    for name, descriptor in descriptors(type(error)).items():
        item = _read(descriptor, error)
        # The built-in exceptions fill their fields from their arguments, also when rebuilt.
        if item is not None and name not in _SKIPPED and not any(item is arg for arg in args):
            attributes[name] = item
    return attributes


_SKIPPED: Final = frozenset({"obj", "exceptions"})
"""The object of an AttributeError may be anything; the members of a group are recorded as such."""


def _read(descriptor: Any, error: BaseException) -> object:
    try:
        return descriptor.__get__(error)
    except AttributeError:  # a slot that is not set
        return None


def _notes(error: BaseException) -> list[str]:
    notes = _dict_of(error).get("__notes__")
    if not isinstance(notes, list):
        return []
    texts = [note for note in cast("list[object]", notes) if isinstance(note, str)]
    return [_clean(text, _LONGEST_TEXT) for text in texts]


def _linked(error: BaseException) -> dict[str, BaseException]:
    """The exception that this one names as its cause, or else in whose handling it was raised."""
    if error.__cause__ is not None:
        return {"cause": error.__cause__}
    if error.__context__ is not None and not error.__suppress_context__:
        return {"context": error.__context__}
    return {}


def _suppression(error: BaseException) -> dict[str, object]:
    return {"suppress": True} if error.__suppress_context__ and error.__cause__ is None else {}


def _dict_of(error: BaseException) -> dict[str, object]:
    attributes: dict[str, object] = object.__getattribute__(error, "__dict__")
    return attributes


def _clean(text: str, longest: int) -> str:
    if len(text) > longest:
        half = longest // 2
        text = (
            f"{text[:half]}\n[... {len(text) - longest:,} characters left out ...]\n{text[-half:]}"
        )
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _safely(get: Callable[[], T], default: T) -> T:
    try:
        return get()
    except Exception:  # noqa: BLE001 - runs code of a user's exception, whose failure must stay recordable
        return default
