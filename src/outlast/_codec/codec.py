"""The codec: values to payloads and back, within a size limit."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import msgspec

from outlast._codec.error_read import read_error
from outlast._codec.error_text import ErrorText, chain_text, error_text
from outlast._codec.error_write import lean_error_tree
from outlast._codec.kinds import BUILT_IN_TAGS, Registration
from outlast._codec.plain import TAG, from_json, is_plain, may_be_tagged, to_json
from outlast._codec.reading import Reader
from outlast._codec.trail import Refused, TooDeep, Unreadable, type_name
from outlast._codec.writing import Oversized, Writer
from outlast.errors import DecodeError, EncodeError, PayloadTooLargeError

T = TypeVar("T")

DEFAULT_LIMIT: Final = 4 * 1024 * 1024

_JSON_TYPES: Final = (str, int, float, bool, type(None), list, dict)
_MOST_PARTS_OF_ERROR: Final = 100_000
_ODD_NAME: Final = "in which an attribute has a name without a UTF-8 form"
_LEVELS_OF_STACK: Final = "which is nested too deeply for the call stack that is left"


class Codec:
    """Turns values into payloads and back. `limit` is the size of the largest payload in bytes; by default 4 MiB.

    A value comes back equal and of the same type, and its encoding is the same in every process.
    Not kept: that two parts are one object (they come back as two equal ones).
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        # Every part takes two bytes at least, so a value of more parts than this cannot fit.
        self._most_parts = limit
        self._by_class: dict[type, Registration] = {}
        self._by_tag: dict[str, Registration] = {}
        self._reader = Reader(self._by_tag)

    @property
    def limit(self) -> int:
        """The size of the largest payload in bytes."""
        return self._limit

    def encode(self, value: object, *, what: str = "value") -> bytes:
        """The payload of a value. `what` is how errors call it.

        Raises `EncodeError`, which names the path inside the value, and `PayloadTooLargeError`.
        """
        payload = self._encode_plain(value)
        if payload is None:
            payload = self._encode_odd(value, what)
        if len(payload) > self._limit:
            raise PayloadTooLargeError(len(payload), self._limit, what=what)
        return payload

    def decode(self, payload: bytes | msgspec.Raw) -> Any:
        """The value of a payload. Imports nothing.

        Raises `DecodeError`, which names the path inside the value, for bytes that are not a
        payload and for classes that are not known in this process.
        """
        data = payload if type(payload) is bytes else bytes(payload)
        tree = from_json(data)
        if not may_be_tagged(data):
            return tree
        return self._read(self._reader.value, tree)

    def encode_error(self, error: BaseException) -> bytes:
        """The payload of an exception, with its traceback text and its chain. Never fails.

        Arguments and attributes that have no durable form are replaced by a `Dropped`. If the
        whole is too large, all arguments and attributes are left out and the texts are cut.
        """
        try:
            payload = to_json(Writer(self._by_class, _MOST_PARTS_OF_ERROR).error(error))
        except Exception:  # noqa: BLE001 - runs code of a user's exception; its failure must stay recordable
            return to_json(lean_error_tree(error))
        return payload if len(payload) <= self._limit else to_json(lean_error_tree(error))

    def decode_error(self, payload: bytes | msgspec.Raw) -> BaseException:
        """The exception of a payload: not raised yet, without a traceback object.

        It is of the recorded class where that is known here and can be rebuilt without calling
        its `__init__`; otherwise a `RecordedError`. So are its cause and the members of a group.
        `recorded_traceback` gives its traceback text. Raises `DecodeError` for bytes that are not
        the payload of an exception.
        """
        form = _error_form(payload)
        return self._read(lambda tree: read_error(tree, self._reader.value), form)

    def describe_error(self, payload: bytes | msgspec.Raw) -> ErrorText:
        """The exception of a payload as text; its traceback includes those of its causes.

        No class is looked up. Raises `DecodeError` as `decode_error` does.
        """
        form = _error_form(payload)
        text = error_text(form)
        return ErrorText(text.type, text.message, chain_text(form))

    def register(
        self, cls: type[T], *, tag: str, encode: Callable[[T], object], decode: Callable[[Any], T]
    ) -> None:
        """Give the instances of exactly `cls` a form: `encode` gives a value that has one.

        `tag` stands in the payloads for good. Takes precedence over what the class is otherwise.
        Raises `ValueError` for a tag or class that is taken, for a JSON type, and for an exception.
        """
        if tag in BUILT_IN_TAGS or tag in self._by_tag:
            msg = f"the tag {tag!r} is taken"
            raise ValueError(msg)
        if cls in _JSON_TYPES or cls in self._by_class or issubclass(cls, BaseException):
            msg = f"{type_name(cls)} has a form already"
            raise ValueError(msg)
        registration = Registration(tag, encode, decode)
        self._by_class[cls] = self._by_tag[tag] = registration

    def _encode_plain(self, value: object) -> bytes | None:
        """The payload of a value that JSON holds as it is, `None` for any other."""
        if not is_plain(value, 4 * self._most_parts):
            return None
        try:
            payload = to_json(value)
        except (ValueError, RecursionError, OverflowError):  # a lone surrogate, too long an integer
            return None
        return None if may_be_tagged(payload) else payload

    def _encode_odd(self, value: object, what: str) -> bytes:
        try:
            return to_json(Writer(self._by_class, self._most_parts).tree(value))
        except Oversized:
            raise PayloadTooLargeError(2 * self._most_parts, self._limit, what=what) from None
        except TooDeep as deep:
            deep.settle()
            raise EncodeError(deep.path, deep.value_type, deep.reason, what=what) from None
        except Refused as refused:
            cause = refused.__cause__
            raise EncodeError(
                refused.path, refused.value_type, refused.reason, what=what, hint=refused.hint
            ) from cause
        except UnicodeEncodeError:  # texts are seen to before, so it is the name of an attribute
            raise EncodeError("$", type_name(type(value)), _ODD_NAME, what=what) from None
        except RecursionError:
            raise EncodeError("$", type_name(type(value)), _LEVELS_OF_STACK, what=what) from None

    def _read(self, read: Callable[[Any], T], tree: Any) -> T:
        try:
            return read(tree)
        except Unreadable as unreadable:
            raise DecodeError(unreadable.path, unreadable.reason) from unreadable.__cause__
        except RecursionError:
            raise DecodeError("$", "it is nested too deeply") from None


def _error_form(payload: bytes | msgspec.Raw) -> dict[str, Any]:
    tree = from_json(payload if type(payload) is bytes else bytes(payload))
    if not isinstance(tree, dict):
        raise DecodeError("$", "it is not an exception")
    form = cast("dict[str, Any]", tree)
    if form.get(TAG) != "exception":
        raise DecodeError("$", "it is not an exception")
    return form
