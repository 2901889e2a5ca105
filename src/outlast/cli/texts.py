"""Shaping texts."""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.text import Text

_PACKAGE: Final = str(Path(__file__).parents[1])
_MACHINERY: Final = (_PACKAGE, "<frozen ", str(importlib.__file__))
_FRAME: Final = re.compile(r'  File "(?P<file>[^"]*)", line \d+')


def count(number: int, what: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def in_one_line(text: str) -> str:
    """The same with a blank for each line break, for what stands in a row among others."""
    return " ".join(text.splitlines())


def attributes_text(attributes: Mapping[str, object]) -> str:
    """`tenant=acme try=2`."""
    return in_one_line(" ".join(f"{name}={value}" for name, value in attributes.items()))


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
