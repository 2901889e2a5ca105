"""Checking attributes."""

import math
from collections.abc import Mapping

from outlast._model.runs import Attributes, AttributeValue
from outlast._registry.names import LONGEST_NAME
from outlast.errors import EncodeError


def checked_attributes(attributes: Mapping[str, AttributeValue] | None) -> Attributes:
    """A copy. Raises `EncodeError` with the path to a name or value that cannot be an attribute."""
    if attributes is not None and not isinstance(attributes, Mapping):
        kind = type(attributes).__name__
        raise _refused("$", kind, "and attributes are a mapping of names")
    checked: Attributes = {}
    for name, value in (attributes or {}).items():
        path = f"$.{name}"
        if type(name) is not str or not name:
            reason = f"whose name is {name!r}, and names are texts that are not empty"
            raise _refused("$", type(value).__name__, reason)
        if len(name) > LONGEST_NAME:
            reason = f"whose name has {len(name)} characters; {LONGEST_NAME} is the most"
            raise _refused(f"{path[:50]}...", type(value).__name__, reason)
        if not is_encodable(name) or "\0" in name:
            reason = "whose name has a NUL character or a lone surrogate"
            raise _refused(f"$.{name!a}", type(value).__name__, reason)
        if value is not None and type(value) not in (str, int, float, bool):
            reason = "and attributes are texts, numbers, bools or None"
            raise _refused(path, type(value).__name__, reason)
        if isinstance(value, float) and not math.isfinite(value):
            raise _refused(path, f"float {value}", "which is not finite")
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise _refused(path, "int", "which is beyond 64 bits")
        if isinstance(value, str) and not is_encodable(value):
            raise _refused(path, "str", "which has a lone surrogate")
        checked[name] = value
    return checked


def _refused(path: str, kind: str, reason: str) -> EncodeError:
    hint = "What is larger belongs into the arguments of the run, or the result of a step."
    return EncodeError(path, kind, reason, what="attributes", hint=hint)


def is_encodable(text: str) -> bool:
    """Whether all characters are whole: none is a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
