"""Lengths in bytes, as people write them."""

import re
from typing import Final

from outlast.errors import DefinitionError

_WRITTEN: Final = re.compile(r"([0-9]{1,12})\s*([A-Za-z]*)", re.ASCII)
_UNITS: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "kib": 2**10,
    "mb": 10**6,
    "mib": 2**20,
}


def size(given: int | str, what: str) -> int:
    """The number of bytes: a number, or a text such as `"64 KiB"`. Raises `DefinitionError`."""
    written = _WRITTEN.fullmatch(str(given).strip()) if type(given) in (int, str) else None
    factor = _UNITS.get(written[2].lower()) if written else None
    if written is None or factor is None or not int(written[1]):
        hint = "Give a number of bytes, or a text such as '64 KiB' or '1 MiB'."
        raise DefinitionError("webhook()", f"{what}={given!r} is no size", hint=hint)
    return int(written[1]) * factor
