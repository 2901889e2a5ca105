"""Words for people: labels made of names, and values as texts."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

_CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "accept": ("Accept", "Decline"),
    "accepted": ("Accept", "Decline"),
    "allow": ("Allow", "Deny"),
    "allowed": ("Allow", "Deny"),
    "approval": ("Approve", "Decline"),
    "approve": ("Approve", "Decline"),
    "approved": ("Approve", "Decline"),
    "confirm": ("Confirm", "Decline"),
    "confirmed": ("Confirm", "Decline"),
    "granted": ("Grant", "Deny"),
}
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def choice_words(name: str) -> tuple[str, str] | None:
    """What the buttons of a decision say, if the name of a property is that of one."""
    return _CHOICES.get(name.lower().removeprefix("is_"))


def label_of(title: str, name: str) -> str:
    """The title as it is, unless a program made it of the name: then a name as people write it."""
    if not title or title == name or title.lower() == name.replace("_", " ").lower():
        return in_words(name)
    return title


def in_words(name: str) -> str:
    """`refund_order` and `RefundOrder` as `Refund order`."""
    words = _CAMEL.sub(" ", name.replace("_", " ").replace("-", " ")).split()
    lowered = [word if word.isupper() else word.lower() for word in words]
    text = " ".join(lowered)
    return text[:1].upper() + text[1:]


def value_text(value: Any) -> str:
    """A value of JSON, as people write it."""
    match value:
        case None:
            return "Nothing"
        case bool():
            return "Yes" if value else "No"
        case str():
            return value
        case [*items] if all(isinstance(item, str | int | float) for item in items):
            return ", ".join(map(value_text, items))
        case _:
            return as_json(value)


def as_json(value: Any, *, indent: int = 2) -> str:
    """A value as JSON. What has no such form is told as Python shows it."""
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def shortened(text: str, most: int) -> str:
    """Without its end, if it has more characters."""
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
