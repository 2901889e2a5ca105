"""Exceptions back from their form: of the same class where it is known, else a stand-in."""

import contextlib
from collections.abc import Callable
from typing import Any, cast

from outlast._codec.classes import find_class
from outlast._codec.error_text import error_text
from outlast._codec.error_write import RECORDED_TRACEBACK, descriptor_of, descriptors
from outlast._codec.marks import Dropped
from outlast._codec.records import is_dunder
from outlast._codec.trail import Unreadable
from outlast._codec.validation_errors import is_validation_error, make_validation_error
from outlast.errors import RecordedError

Form = dict[str, Any]


def read_error(form: Form, value: Callable[[object], object]) -> BaseException:
    """Rebuild an exception, its cause chain, members and notes. `value` decodes a part of it.

    The class's own `__new__` and `__init__` are not called. A class that is not known here, is not
    an exception, or cannot be rebuilt gives a `RecordedError`; a part that cannot be read a `Dropped`.
    """
    error = _rebuild(form, value) or _stand_in(form)
    attributes = cast("dict[str, object]", object.__getattribute__(error, "__dict__"))
    notes = form.get("notes")
    if isinstance(notes, list):
        attributes["__notes__"] = [
            note for note in cast("list[object]", notes) if type(note) is str
        ]
    attributes[RECORDED_TRACEBACK] = error_text(form).traceback
    _link(error, form, value)
    return error


def _rebuild(form: Form, value: Callable[[object], object]) -> BaseException | None:
    cls = find_class(str(form.get("class")))
    if cls is None or not issubclass(cls, BaseException):
        return None
    members = form.get("members")
    args = _values(form.get("args"), value)
    if is_validation_error(cls):
        error = _validation_error(cls, form.get("validation"), value)
    elif isinstance(members, list):
        error = _bare_group(cls, form, _values(cast("list[object]", members), value))
    else:
        error = _bare(cls, args)
    if error is not None:
        _set_attributes(error, form.get("attributes"), value)
    return error


def _values(items: object, value: Callable[[object], object]) -> tuple[object, ...]:
    if not isinstance(items, list):
        return ()
    return tuple(_part(item, value) for item in cast("list[object]", items))


def _part(tree: object, value: Callable[[object], object]) -> object:
    """A part of an exception. One that cannot be read must not take the exception with it."""
    try:
        return value(tree)
    except Unreadable:
        form = cast("Form", tree) if isinstance(tree, dict) else {}
        return Dropped(str(form.get("class", "object")).replace(":", "."))


def _bare(cls: type[BaseException], args: tuple[object, ...]) -> BaseException | None:
    """An exception with its arguments, made by the built-in class that it derives from."""
    base: Any = next(base for base in cls.__mro__ if base.__module__ == "builtins")
    try:
        error = _new(base, cls, args)
    except TypeError:  # made in C or Rust, with a layout that Python cannot fill
        return None
    # Fills what the built-in class keeps beside its arguments, such as errno.
    with contextlib.suppress(TypeError, ValueError):
        base.__init__(error, *args)
    descriptor_of("args").__set__(error, args)
    return error


def _new(base: Any, cls: type[BaseException], args: tuple[object, ...]) -> BaseException:
    made: BaseException
    try:
        made = base.__new__(cls, *args)
    except (TypeError, ValueError):
        made = base.__new__(cls)
    return made


def _validation_error(
    cls: type[BaseException], parts: object, value: Callable[[object], object]
) -> BaseException | None:
    found = cast("Form", parts) if isinstance(parts, dict) else {}
    details = found.get("details")
    if not isinstance(details, list):
        return None
    read = [
        {name: _part(item, value) for name, item in cast("Form", one).items()}
        for one in cast("list[object]", details)
        if isinstance(one, dict)
    ]
    return make_validation_error(cls, found.get("title"), read)


def _bare_group(
    cls: type[BaseException], form: Form, members: tuple[object, ...]
) -> BaseException | None:
    errors = [each if isinstance(each, BaseException) else _stand_in({}) for each in members]
    message = _attribute_text(form, "message")
    try:
        base: Any = ExceptionGroup if issubclass(cls, ExceptionGroup) else BaseExceptionGroup
        made: BaseException = base.__new__(cls, message, errors)
    except (TypeError, ValueError):
        return None
    return made


def _attribute_text(form: Form, name: str) -> str:
    attributes = form.get("attributes")
    found = cast("Form", attributes).get(name) if isinstance(attributes, dict) else None
    return found if isinstance(found, str) else ""


def _set_attributes(
    error: BaseException, attributes: object, value: Callable[[object], object]
) -> None:
    if not isinstance(attributes, dict):
        return
    places = descriptors(type(error))
    for name, tree in cast("Form", attributes).items():
        if is_dunder(name):
            continue
        if name in places:
            with contextlib.suppress(
                AttributeError, TypeError
            ):  # read-only ones are filled already
                places[name].__set__(error, _part(tree, value))
        else:
            object.__getattribute__(error, "__dict__")[name] = _part(tree, value)


def _stand_in(form: Form) -> RecordedError:
    text = error_text(form)
    return RecordedError(text.type, text.message, text.traceback)


def _link(error: BaseException, form: Form, value: Callable[[object], object]) -> None:
    error.__suppress_context__ = form.get("suppress") is True
    if "cause" in form:
        cause = value(form["cause"])
        error.__cause__ = cause if isinstance(cause, BaseException) else None
    elif "context" in form:
        context = value(form["context"])
        error.__context__ = context if isinstance(context, BaseException) else None
