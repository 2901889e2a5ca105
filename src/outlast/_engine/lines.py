"""Which line of the user's code asks."""

import asyncio
import sys
from types import FrameType
from typing import Final

_STANDARD: Final = asyncio.__file__.rpartition("asyncio")[0]
_OWN: Final = __file__.rpartition("_engine")[0]
_PACKAGES: Final = _STANDARD + "site-packages"
_LOOPS: Final = ("/site-packages/anyio/", "/site-packages/pydantic_")
"""Libraries whose own tasks run in a workflow: below their frames there is none of the user's."""
_LAST: Final = frozenset({"WorkflowLoop.turn", "StepOperations.execute"})
"""Below these there is none either: what turns the code, and what asks for an agent from within its tasks, where some
thirty frames would be looked at for nothing."""

_SHOWN: Final[dict[str, str]] = {}
"""By the path of a file: its name, or nothing if it is this library's, the standard library's, or that of a loop of others."""


def calling_line() -> str | None:
    """`flow.py:17`: the innermost line that is neither this library's nor the standard library's.

    Found while the code asks, so that it costs a few frames and no traceback.
    """
    frame: FrameType | None = sys._getframe(2)  # whoever calls this is of this library
    while frame is not None:
        code = frame.f_code
        shown = _SHOWN.get(code.co_filename)
        if shown is None:
            shown = _SHOWN[code.co_filename] = _shown(code.co_filename)
        if shown:
            return f"{shown}:{frame.f_lineno}"
        if code.co_qualname in _LAST:
            return None
        frame = frame.f_back
    return None


def _shown(file: str) -> str:
    standard = file.startswith(_STANDARD) and not file.startswith(_PACKAGES)
    inner = standard or file.startswith((_OWN, "<frozen")) or any(part in file for part in _LOOPS)
    return "" if inner else file.rpartition("/")[2]
