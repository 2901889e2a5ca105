"""The secrets of senders, from the environment. Nothing that is recorded or told has one."""

import base64
import binascii
import os
import re
from collections.abc import Iterator
from typing import Final

from outlast.errors import DefinitionError, SettingsError

_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
_SOURCE: Final = "the environment of the process that serves HTTP"
_PREFIX: Final = "whsec_"


def checked_names(scheme: str, secret: str | tuple[str, ...]) -> None:
    """Raises `DefinitionError` unless these are names of environment variables: what a hook is made with is recorded,
    so a secret itself must not be given."""
    names = _names(secret)
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise DefinitionError(
            f"{scheme}(secret=...)",
            "it takes the name of an environment variable, in capital letters",
            hint=f"Set the secret where HTTP is served, and give its name: {scheme}(secret='WEBHOOK_SECRET').",
        )


def keys(secret: str | tuple[str, ...]) -> list[bytes]:
    """The secrets of those names, as they are. Raises `SettingsError` if none of them is set."""
    return [value.encode("utf-8", "surrogateescape") for _, value in _values(secret)]


def decoded_keys(secret: str | tuple[str, ...]) -> list[bytes]:
    """The secrets of those names, which are written in base64, after `whsec_`. Raises `SettingsError`."""
    return [_decoded(name, value) for name, value in _values(secret)]


def _values(secret: str | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """One of several is enough: a hook lives for months, and the old secret is unset when all use the new one."""
    names = _names(secret)
    found = [(name, value) for name in names if (value := os.environ.get(name))]
    if not found:
        raise SettingsError(
            " or ".join(names),
            ...,
            _SOURCE,
            "it is not set, and a webhook checks signatures with it",
            hint="Nothing that its sender sends can be taken until it is set.",
        )
    yield from found


def _decoded(name: str, value: str) -> bytes:
    try:
        found = base64.b64decode(value.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise SettingsError(
            name,
            ...,
            _SOURCE,
            f"it is no secret of Standard Webhooks: base64 after {_PREFIX}",
            hint="Copy it again from where the sender shows it.",
        )
    return found


def _names(secret: str | tuple[str, ...]) -> tuple[str, ...]:
    return (secret,) if isinstance(secret, str) else secret
