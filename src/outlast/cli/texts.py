"""Shaping texts."""

import importlib
import re
from pathlib import Path
from typing import Final

from rich.text import Text

_PACKAGE: Final = str(Path(__file__).parents[1])
_MACHINERY: Final = (_PACKAGE, "<frozen ", str(importlib.__file__))
_FRAME: Final = re.compile(r'  File "(?P<file>[^"]*)", line \d+')


def count(number: int, what: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def indented(text: str, by: str = "  ") -> str:
    """Each line further in."""
    return "\n".join(by + line if line else line for line in text.split("\n"))


def fitted(text: Text, width: int, *, right: bool = False, pad: bool = True) -> Text:
    """A copy that is exactly (or with `pad=False` at most) that wide."""
    shaped = text.copy()
    shaped.truncate(width, overflow="ellipsis")
    if pad:
        shaped.align("right" if right else "left", width)
    return shaped


def own_frames(traceback: str) -> str:
    """The text of a traceback without the frames of this library and of the import system."""
    kept: list[str] = []
    inner = False
    for line in traceback.split("\n"):
        frame = _FRAME.match(line)
        if frame is not None:
            inner = frame["file"].startswith(_MACHINERY)
        elif not line.startswith("    "):
            inner = False
        if not inner:
            kept.append(line)
    return "\n".join(kept)
