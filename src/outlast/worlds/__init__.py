"""The worlds that come with Outlast, and choosing one by its URL."""

from outlast._clock import Clock
from outlast.errors import WorldError
from outlast.world import World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.sqlite import SqliteWorld

_FILE = "sqlite:///"
_LATER = ("postgres://", "postgresql://")
_FORMS = (
    "Use sqlite:///FILE.db, sqlite:////ABSOLUTE/FILE.db, a path that ends in .db, or memory://."
)


def world_from_url(url: str, clock: Clock) -> World:
    """The world that the URL names, not yet opened. Raises `WorldError` if it names none.

    `memory://`; `sqlite:///relative.db`; `sqlite:////absolute.db`; a path that ends in `.db`.
    """
    if url == "memory://":
        return MemoryWorld(clock)
    if url.startswith(_FILE) and len(url) > len(_FILE):
        return SqliteWorld(url.removeprefix(_FILE), clock)
    if url.endswith(".db") and "://" not in url:
        return SqliteWorld(url, clock)
    raise _unknown(url)


def _unknown(url: str) -> WorldError:
    scheme, separator, _ = url.partition("://")
    if url.startswith(_LATER):  # named without the rest, which may have a password
        return WorldError(
            scheme + separator,
            "PostgreSQL comes with a later release",
            hint="Until then use a SQLite file: " + _FORMS[0].lower() + _FORMS[1:],
        )
    if url.startswith("sqlite:"):
        return WorldError(url, "this names no file", hint=_FORMS)
    return WorldError(
        scheme + separator if separator else url, "no world has such a URL", hint=_FORMS
    )
