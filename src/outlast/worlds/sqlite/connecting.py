"""Opening the file: one connection that writes, one that reads."""

import sqlite3
import threading
from pathlib import Path

from outlast.errors import WorldError
from outlast.worlds.sqlite.migrations import migrate
from outlast.worlds.sqlite.queries import COMMIT, QUERIES

_OLDEST_SQLITE = (3, 38, 0)
_ATTEMPTS = 100
_OWN_FOLDER = ".outlast"


def connect_writer(path: Path, url: str, patience: float) -> sqlite3.Connection:
    """The connection that writes, to a file that exists and has the current schema from now on.

    Raises `WorldError` and its subclasses, and `sqlite3.Error`.
    """
    _check_library(url)
    _check_folder(path, url)
    connection = _connect(path, patience)
    try:
        _write_ahead(connection, url, patience)
        for name in ("durable", "checkpoint_rarely", "temporary_in_memory", "writer_cache"):
            connection.execute(QUERIES[name])
        migrate(connection, url)
        for statement in COMMIT.values():
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path, patience: float) -> sqlite3.Connection:
    """A connection that only reads, to a file that a writer has opened before."""
    connection = _connect(path, patience)
    connection.execute(QUERIES["read_only"])
    return connection


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=patience, isolation_level=None)


def _check_library(url: str) -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise WorldError(
            url,
            f"this Python has SQLite {sqlite3.sqlite_version}; 3.38 is the oldest that will do",
            hint="Use a Python that comes with a newer SQLite.",
        )


def _check_folder(path: Path, url: str) -> None:
    folder = path.parent
    if folder.name == _OWN_FOLDER and not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise WorldError(
            url,
            f"there is no folder {str(folder)!r}",
            hint="Create it, or name a file in a folder that exists.",
        )
    if path.is_dir():
        raise WorldError(url, "this is a folder, not a file", hint="Name a file in it.")


def _write_ahead(connection: sqlite3.Connection, url: str, patience: float) -> None:
    """Switch to the write-ahead log. When several processes create a file at the same time, all but
    one are told that it is busy, without SQLite's own waiting."""
    pause = threading.Event()
    for attempt in range(_ATTEMPTS):
        try:
            (mode,) = connection.execute(QUERIES["write_ahead"]).fetchone()
        except sqlite3.OperationalError as error:
            busy = (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
            if not busy or attempt == _ATTEMPTS - 1:
                raise
            pause.wait(patience / _ATTEMPTS)
        else:
            break
    else:
        return
    if mode != "wal":
        raise WorldError(
            url,
            f"the file system allows no write-ahead log (SQLite's journal mode stays {mode!r})",
            hint="Put the file on a local disk.",
        )
