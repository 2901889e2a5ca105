"""Checking attributes."""

import math
from collections.abc import Mapping

from outlast._model.runs import Attributes, AttributeValue
from outlast.errors import EncodeError


def checked_attributes(attributes: Mapping[str, AttributeValue] | None) -> Attributes:
    """A copy. Raises `EncodeError` with the path to a name or value that cannot be an attribute."""
    if attributes is not None and not isinstance(attributes, Mapping):
        kind = type(attributes).__name__
        raise EncodeError("$", kind, "and attributes are a mapping of names", what="attributes")
    checked: Attributes = {}
    for name, value in (attributes or {}).items():
        path = f"$.{name}"
        if type(name) is not str or not name:
            raise EncodeError(path, type(name).__name__, "and names are texts", what="attributes")
        if not _encodable(name) or "\0" in name:
            reason = "whose name has a NUL character or a lone surrogate"
            raise EncodeError(f"$.{name!a}", type(value).__name__, reason, what="attributes")
        if value is not None and type(value) not in (str, int, float, bool):
            reason = "and attributes are texts, numbers, bools or None"
            raise EncodeError(path, type(value).__name__, reason, what="attributes")
        if isinstance(value, float) and not math.isfinite(value):
            raise EncodeError(path, f"float {value}", "which is not finite", what="attributes")
        if type(value) is int and not -(2**63) <= value < 2**63:
            raise EncodeError(path, "int", "which is beyond 64 bits", what="attributes")
        if isinstance(value, str) and not _encodable(value):
            raise EncodeError(path, "str", "which has a lone surrogate", what="attributes")
        checked[name] = value
    return checked


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
