"""Which line of the user's code asks."""

import asyncio
import sys
from types import CodeType, FrameType

_STANDARD = asyncio.__file__.rpartition("asyncio")[0]
_OWN = __file__.rpartition("_engine")[0]
_PACKAGES = _STANDARD + "site-packages"
_inner: dict[CodeType, bool] = {}


def calling_line() -> str | None:
    """`flow.py:17`: the innermost line that is neither this library's nor the standard library's.

    Found while the code asks, so that it costs a few frames and no traceback.
    """
    frame: FrameType | None = sys._getframe(2)  # whoever calls this is of this library
    while frame is not None:
        code = frame.f_code
        inner = _inner.get(code)
        if inner is None:
            inner = _inner[code] = _is_inner(code.co_filename)
        if not inner:
            return f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        if code.co_name == "turn":
            return None
        frame = frame.f_back
    return None


def _is_inner(file: str) -> bool:
    standard = file.startswith(_STANDARD) and not file.startswith(_PACKAGES)
    return standard or file.startswith((_OWN, "<frozen"))
