"""What is chosen from outside, by the environment."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Final

from examples.coding_agent.sandbox import BubblewrapSandboxes, Limits

DATA: Final = "CODING_AGENT_DATA"
"""The folder of the log and of the sandboxes."""
DEVELOPMENT: Final = "CODING_AGENT_DEVELOPMENT"
"""`1` if visitors may kill the server."""
PACE: Final = "CODING_AGENT_PACE"
"""Seconds between two words of the scripted model."""

KEEP: Final = "CODING_AGENT_KEEP_DAYS"
"""Days for which a chat is kept that nobody uses, and one that has ended, with its sandboxes."""


def data_folder() -> Path:
    """Where everything is kept."""
    return Path(os.environ.get(DATA) or ".outlast/coding_agent").resolve()


def is_development() -> bool:
    """Whether the server may be killed by a button."""
    return os.environ.get(DEVELOPMENT) == "1"


class SettingUnusableError(Exception):
    """A setting has a value that means nothing."""

    def __init__(self, variable: str, value: str) -> None:
        super().__init__(variable, value)
        self.variable, self.value = variable, value

    def __str__(self) -> str:
        return (
            f"{self.variable}={self.value!r} cannot be used: it is a number, 0 or more, such as 0.5"
        )


def check() -> None:
    """Raise `SettingUnusableError` for what would be found out later."""
    pace()
    keep()


def pace() -> float:
    """How fast the scripted model speaks."""
    return _number(PACE, 0.03)


def keep() -> float:
    """How many days chats are kept."""
    return _number(KEEP, 30)


def sandboxes() -> BubblewrapSandboxes:
    """Those of this server. They are beside its log, and survive it."""
    return _sandboxes(data_folder())


def _number(variable: str, default: float) -> float:
    value = os.environ.get(variable) or str(default)
    if not re.fullmatch(r"\d{0,6}(\.\d+)?", value):
        raise SettingUnusableError(variable, value)
    return float(value)


@cache
def _sandboxes(data: Path) -> BubblewrapSandboxes:
    return BubblewrapSandboxes(data / "sandboxes", Limits())
