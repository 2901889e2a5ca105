"""What can be the token of a hook, or a key of a payload for it."""

from typing import Any, Final

_LONGEST: Final = 500


def checked_token(token: str) -> str:
    """The token. Raises `ValueError` if it is not 1 to 500 printable characters."""
    return checked_text(token, "token of a hook")


def checked_text(text: str, what: str) -> str:
    """The text. Raises `ValueError` if it is not 1 to 500 printable characters."""
    if not is_text(text):
        message = f"{text!r} cannot be the {what}: it is 1 to {_LONGEST} printable characters"
        raise ValueError(message)
    return text


def is_text(text: Any) -> bool:
    """Whether it is 1 to 500 printable characters."""
    return isinstance(text, str) and 1 <= len(text) <= _LONGEST and text.isprintable()
