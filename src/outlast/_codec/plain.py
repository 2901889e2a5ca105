"""The fast path: values that JSON holds as they are, found in one scan; and JSON itself."""

from typing import Any, Final

import msgspec

from outlast.errors import DecodeError

TAG: Final = "$type"
"""The reserved key. A dict that has it as a key of its own is written as pairs."""

MAX_DEPTH: Final = 200
"""How deep values may be nested. One number for all callers: what was encoded deep inside a call
stack must also be readable deep inside another."""

_DOLLAR: Final = ord("$")
_QUOTED_TAG: Final = b'"$type"'
_ATOMS: Final = frozenset({str, int, bool, type(None)})

to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode


def is_plain(value: object, budget: int) -> bool:
    """Whether `value` is made of exact JSON types only, with `str` keys and finite floats.

    Says no, in bounded time, to what is nested too deeply, is cyclic, or has more than `budget`
    parts. Not looked at: the sizes of integers, lone surrogates, and the reserved key; encoding
    shows these (see `may_be_tagged`).
    """
    kind = type(value)
    if kind is dict or kind is list:
        return _is_plain_container(value, kind, MAX_DEPTH, [budget])
    if kind is float:
        return is_finite(value)
    return kind in _ATOMS


def _is_plain_container(value: Any, kind: type[object], depth: int, budget: list[int]) -> bool:
    budget[0] -= len(value)
    if depth == 0 or budget[0] < 0:
        return False
    if kind is dict:
        key: object
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    item: object
    for item in value:
        kind = type(item)
        if kind in _ATOMS:
            continue
        if kind is dict or kind is list:
            # Most calls have no keywords: an empty one is not worth a call, unless it is one level too deep.
            if (item or depth == 1) and not _is_plain_container(item, kind, depth - 1, budget):
                return False
        elif kind is not float or not is_finite(item):
            return False
    return True


def is_finite(number: Any) -> bool:
    """Whether a float is neither infinite nor not a number."""
    return bool(number - number == 0.0)


def may_be_tagged(payload: bytes) -> bool:
    """Whether the reserved key may occur in a payload. Quick; never wrong when it says no."""
    # The search for one byte is several times faster than for seven.
    return _DOLLAR in payload and _QUOTED_TAG in payload


def from_json(payload: bytes) -> Any:
    """Parse JSON. Raises `DecodeError` for whatever is not JSON."""
    try:
        return _from_json(payload)
    except RecursionError:
        raise DecodeError("$", "the JSON is nested too deeply") from None
    except ValueError as error:  # msgspec's errors and UnicodeDecodeError are ValueErrors
        hint = "The database was changed by hand, or is damaged: restore a backup."
        raise DecodeError("$", f"the bytes are not JSON: {error}", hint=hint) from None
