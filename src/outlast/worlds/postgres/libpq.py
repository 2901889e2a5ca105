"""The parameters that hosted servers print into their URLs for other programs, and that the driver has not."""

from typing import Final

from outlast.errors import WorldError

_LONGEST: Final = 3_600

_DEMANDS: Final = {
    "channel_binding": (
        "the driver asyncpg has no channel binding",
        "Write channel_binding=prefer, and to be sure of the server sslmode=verify-full with sslrootcert=FILE.",
    ),
    "gssencmode": (
        "the driver asyncpg does not encrypt with GSSAPI",
        "Leave gssencmode out, and encrypt with TLS: sslmode=require.",
    ),
}
"""What `require` cannot be given, and what to do; `prefer` and `disable` come true without it."""

_ELSEWHERE: Final = {
    "pgbouncer": "With a pooler in transaction mode write pooler=transaction instead.",
    "ssl": "Write sslmode=require instead; or, to be sure of the server, sslmode=verify-full with sslrootcert=FILE.",
    "statement_cache_size": "Leave it out; with a pooler in transaction mode write pooler=transaction.",
}
"""What URLs for other drivers say, and how it is said here."""

_SERVERS: Final = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")


def take_connect_timeout(shown: str, given: dict[str, str]) -> int | None:
    """The seconds that a connection may take, out of what is given; `None` if they do not say.

    Raises `WorldError` if that is no such number. None at all, which to libpq is no limit, is refused: a worker must
    find out that its network swallows what it sends.
    """
    text = given.pop("connect_timeout", None)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LONGEST):
        raise WorldError(
            shown,
            f"{text!r} cannot be the connect_timeout",
            hint=f"Give seconds, 1 to {_LONGEST}; without it a connection may take 10 seconds.",
        )
    return int(text)


def take_demands(shown: str, given: dict[str, str]) -> None:
    """Take out what the driver has not. Raises `WorldError` if it is required, or the value is none of libpq's."""
    for name, (lack, hint) in _DEMANDS.items():
        value = given.pop(name, "prefer")
        if value == "require":
            raise WorldError(shown, f"{name}=require: {lack}", hint=hint)
        _check_choice(shown, name, value, ("prefer", "disable"))


def check_servers(shown: str, given: dict[str, str]) -> None:
    """Raise `WorldError` if the servers to choose from are no choice; the driver says so unclearly."""
    _check_choice(shown, "target_session_attrs", given.get("target_session_attrs", "any"), _SERVERS)


def _check_choice(shown: str, name: str, value: str, choice: tuple[str, ...]) -> None:
    if value not in choice:
        raise WorldError(
            shown, f"{value!r} cannot be the {name}", hint=f"Write one of {', '.join(choice)}."
        )


def said_here(name: str) -> str:
    """How to say what a parameter of another driver says; empty if there is none that is known."""
    return _ELSEWHERE.get(name, "")
