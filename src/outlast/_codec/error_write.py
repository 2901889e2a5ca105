"""Exceptions as data. Whatever an exception does when it is looked at, it can be written down."""

import traceback
from collections.abc import Callable
from itertools import takewhile
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final, TypeVar, cast

from outlast._codec.classes import class_name
from outlast._codec.plain import TAG
from outlast._codec.records import is_dunder
from outlast._codec.validation_errors import is_validation_error, validation_details
from outlast.errors import OutlastError

T = TypeVar("T")

_OWN: Final = __file__.rpartition("_codec")[0] + "_"
"""Where the private rooms of this library are."""

RECORDED_TRACEBACK: Final = "__recorded_traceback__"
"""The attribute of a rebuilt exception that has the traceback text it was recorded with."""

_LONGEST_TEXT: Final = 65_536
_LONGEST_LEAN_TEXT: Final = 4_096
_LONGEST_LEAN_CHAIN: Final = 4


def error_tree(error: BaseException, tree: Callable[[object], object]) -> dict[str, object]:
    """The form of an exception. `tree` encodes a part of it and must not refuse any."""
    form = _head(error, _LONGEST_TEXT)
    members = _members(error)
    args: tuple[object, ...] = descriptor_of("args").__get__(error)
    if members is None:
        form["args"] = [tree(arg) for arg in args]
    else:
        args = ()  # its message is an attribute too, and its members are recorded as such
        form["members"] = [tree(each) for each in members]
    attributes = _attributes(error, args)
    if attributes:
        form["attributes"] = {name: tree(item) for name, item in attributes.items()}
    if is_validation_error(type(error)):
        form["validation"] = _validation(error, tree)
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


def descriptor_of(name: str) -> Any:
    """The field of all exceptions of that name, which a class cannot redefine or intercept."""
    return vars(BaseException)[name]


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
        "class": _clean(
            _safely(lambda: class_name(type(error)), "builtins:BaseException"), longest
        ),
        "message": _clean(_safely(lambda: str(error), "<no message: str() failed>"), longest),
        "traceback": _clean(_traceback(error), longest),
    }


def _traceback(error: BaseException) -> str:
    recorded = recorded_traceback(error)
    if recorded and descriptor_of("__traceback__").__get__(error) is None:
        return recorded
    raised = _safely(lambda: "".join(_format(error)), "")
    return f"{recorded}\nraised again:\n\n{raised}" if recorded else raised


def _format(error: BaseException) -> list[str]:
    told = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
    _trim(told, error)
    return list(told.format(chain=False))


def _trim(told: traceback.TracebackException, error: BaseException) -> None:
    """Leave this library's own frames around the user's code out, also those of the members of a group. What this
    library raises where there is no such code, as in a task that is but the call of a step, keeps none."""
    own = sum(1 for _ in takewhile(lambda frame: frame.filename.startswith(_OWN), told.stack))
    if own < len(told.stack) or issubclass(type(error), OutlastError):
        del told.stack[:own]
    for inner, member in zip(told.exceptions or (), _members(error) or (), strict=False):
        _trim(inner, member)


def _members(error: BaseException) -> tuple[BaseException, ...] | None:
    if not issubclass(type(error), BaseExceptionGroup):
        return None
    members: tuple[BaseException, ...] = vars(BaseExceptionGroup)["exceptions"].__get__(error)
    return members


def _attributes(error: BaseException, args: tuple[object, ...]) -> dict[str, object]:
    attributes = {name: item for name, item in _dict_of(error).items() if not is_dunder(name)}
    for name, descriptor in descriptors(type(error)).items():
        item = _read(descriptor, error)
        if item is None or name in _SKIPPED:
            continue
        # The built-in exceptions fill their fields from their arguments, also when rebuilt.
        built_in = descriptor.__objclass__.__module__ == "builtins"
        if not (built_in and any(item is arg for arg in args)):
            attributes[name] = item
    return attributes


_SKIPPED: Final = frozenset({"obj", "exceptions"})
"""The object of an AttributeError may be anything; the members of a group are recorded as such."""


def _read(descriptor: Any, error: BaseException) -> object:
    try:
        return descriptor.__get__(error)
    except AttributeError:  # a slot that is not set
        return None


def _validation(error: Any, tree: Callable[[object], object]) -> dict[str, object]:
    details = validation_details(error)
    return {
        "title": tree(error.title),
        "details": [{name: tree(item) for name, item in one.items()} for one in details],
    }


def _notes(error: BaseException) -> list[str]:
    notes = _dict_of(error).get("__notes__")
    if not isinstance(notes, list):
        return []
    texts = [note for note in cast("list[object]", notes) if isinstance(note, str)]
    return [_clean(text, _LONGEST_TEXT) for text in texts]


def _linked(error: BaseException) -> dict[str, BaseException]:
    """The exception that this one names as its cause, or else in whose handling it was raised."""
    cause = descriptor_of("__cause__").__get__(error)
    context = descriptor_of("__context__").__get__(error)
    if cause is not None:
        return {"cause": cause}
    return {} if context is None or _is_suppressed(error) else {"context": context}


def _suppression(error: BaseException) -> dict[str, object]:
    return {"suppress": True} if _is_suppressed(error) and not _linked(error) else {}


def _is_suppressed(error: BaseException) -> bool:
    return bool(descriptor_of("__suppress_context__").__get__(error))


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
