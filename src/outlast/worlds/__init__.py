"""The worlds that come with Outlast, and choosing one by its URL.

A world is imported when it is chosen: a process uses one of them, and some, such as `outlast --help`, none.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from outlast._clock import Clock
from outlast.errors import WorldError
from outlast.world import World
from outlast.worlds.schema import Schema, SchemaStatus

__all__ = ["Schema", "SchemaStatus", "file_of", "schema_from_url", "world_from_url"]

_FILE = "sqlite:///"
_SERVER = ("postgresql://", "postgres://")
_NO_PATH = ("sqlite:", "file:")
_API = ("http://", "https://")
FORMS: Final = (
    "Use postgresql://USER:PASSWORD@HOST/DATABASE, sqlite:///FILE.db, sqlite:////ABSOLUTE/FILE.db, "
    "a path that ends in .db, or memory://."
)
"""The hint where a URL names no world. The command line adds the form that only it takes."""
_REMOTE = (
    "This needs the database itself. To start and look at runs over HTTP take outlast.http.RemoteApp, "
    "with the URL that `outlast serve` prints."
)


def world_from_url(url: str, clock: Clock) -> World:
    """The world that the URL names, not yet opened. Raises `WorldError` if it names none.

    `memory://`; `sqlite:///relative.db`; `sqlite:////absolute.db`; a path that ends in `.db`;
    `postgresql://user:password@host:port/database?schema=outlast`, which needs the extra
    `outlast[postgres]`.
    """
    if url == "memory://":
        from outlast.worlds.memory import MemoryWorld

        return MemoryWorld(clock)
    if file := file_of(url):
        from outlast.worlds.sqlite import SqliteWorld

        return SqliteWorld(file, clock)
    if url.startswith(_SERVER):
        with _needing_asyncpg(url):
            from outlast.worlds.postgres import PostgresWorld
        return PostgresWorld(url, clock)
    raise _unknown(url)


def schema_from_url(url: str) -> Schema:
    """The schema of the world that the URL names. Raises `WorldError` if it names none, or one that
    keeps nothing."""
    if url.startswith(_SERVER):
        with _needing_asyncpg(url):
            from outlast.worlds.postgres import schema_of
        return schema_of(url)
    if file := file_of(url):
        from outlast.worlds.sqlite import SqliteSchema

        return SqliteSchema(file)
    if url == "memory://":
        raise WorldError(url, "a world in memory has no schema", hint="Name a database.")
    raise _unknown(url)


def file_of(url: str) -> str | None:
    """The file of the world that the URL names, as it stands there; `None` if that is no file.

    Raises `WorldError` for what other programs read as something else than a name.
    """
    if url.startswith(_FILE):
        name = url.removeprefix(_FILE)
    else:
        path = url.endswith(".db") and "://" not in url and not url.startswith(_NO_PATH)
        name = url if path else ""
    if name:
        _check_file(url, name)
    return name or None


def _check_file(url: str, name: str) -> None:
    before, mark, parameters = url.partition("?")
    if name.startswith(":memory:"):
        raise WorldError(before, "this is no file", hint="Write memory:// for a world in memory.")
    if mark and "=" in parameters:
        raise WorldError(before, "a file takes no parameters", hint=f"Write {before} without ?.")
    if name.endswith("/") or Path(name).name in ("", ".."):
        raise WorldError(url, "this names a folder", hint=f"Name a file in it. {FORMS}")
    if not _can_be_a_name(name):
        raise WorldError(ascii(url), "the name has a NUL character or half a character", hint=FORMS)


def _can_be_a_name(name: str) -> bool:
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False


@contextmanager
def _needing_asyncpg(url: str) -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise WorldError(
            url.partition("://")[0] + "://",  # not the rest, which may have a password
            "PostgreSQL needs the driver asyncpg, which is not installed",
            hint="Install the extra: pip install 'outlast[postgres]'.",
        ) from error


def _unknown(url: str) -> WorldError:
    if url.startswith("sqlite:"):
        return WorldError(url, "this names no file", hint=FORMS)
    if url.startswith(_API):
        return WorldError(url.partition("://")[0] + "://", "this names an HTTP API", hint=_REMOTE)
    scheme, separator, _ = url.partition("://")
    if not separator and "@" in url:  # a slip, behind which a password may be
        scheme, separator, _ = url.partition(":")
    shown = scheme + separator if separator else url or "''"
    return WorldError(shown, "no world has such a URL", hint=FORMS)
