"""Opening the file: one connection that writes, one that reads."""

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from outlast.errors import WorldError
from outlast.worlds.sqlite.finding import add_functions
from outlast.worlds.sqlite.migrations import migrate
from outlast.worlds.sqlite.queries import COMMIT, QUERIES

_OLDEST_SQLITE = (3, 38, 0)
_PAUSE = 0.01  # seconds
_OWN_FOLDER = ".outlast"
_ROOM = 2_000 * 4_096  # bytes: the pages between two checkpoints


def real_path(path: str | Path) -> Path:
    """Where the file is, however it is named: the locks beside it are the same for a link to it, and it stays the
    same file when the process changes its working directory. SQLite takes no such path for a URI."""
    return Path(os.path.realpath(path))


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
        connection.execute(QUERIES["impatient"])
    except BaseException:
        connection.close()
        raise
    return connection


def file_identity(path: Path) -> int | None:
    """What tells this file from another one of the same name; `None` if there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def connect_reader(path: Path, patience: float) -> sqlite3.Connection:
    """A connection that only reads, to a file that a writer has opened before."""
    connection = _connect(path, patience)
    try:
        connection.execute(QUERIES["read_only"])
        add_functions(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def make_room(connection: sqlite3.Connection, path: Path) -> None:
    """Make the write-ahead log as long as it ever gets, for a process that will commit a lot.

    A commit that overwrites a part of a file takes a third less time than one that makes the file
    longer. To that end more is written than fits into the cache, and rolled back. If it cannot be
    done it is left undone.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size >= _ROOM:
        return
    with suppress(sqlite3.OperationalError):
        connection.execute(QUERIES["tiny_cache"])
        connection.execute(QUERIES["begin"])
        connection.execute(QUERIES["room_table"])
        connection.execute(QUERIES["room"], {"size": _ROOM})
    connection.rollback()
    connection.execute(QUERIES["writer_cache"])


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,  # two threads use it, in turns
    )


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
        _make_folder(folder, url)
    if not folder.is_dir():
        raise WorldError(
            url,
            f"there is no folder {str(folder)!r}",
            hint="Create it, or name a file in a folder that exists.",
        )
    if path.is_dir():
        raise WorldError(url, "this is a folder, not a file", hint="Name a file in it.")


def _make_folder(folder: Path, url: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = (
            "Name a file in a folder that may be written to, with --url, OUTLAST_URL or App(...)."
        )
        raise WorldError(
            url, f"the folder {str(folder)!r} cannot be made: {error}", hint=hint
        ) from error


def _write_ahead(connection: sqlite3.Connection, url: str, patience: float) -> None:
    """Switch to the write-ahead log."""
    mode = _journal_mode(connection, patience)
    if mode != "wal":
        raise WorldError(
            url,
            f"the file system allows no write-ahead log (SQLite's journal mode stays {mode!r})",
            hint="Put the file on a local disk.",
        )


def _journal_mode(connection: sqlite3.Connection, patience: float) -> str:
    """The journal mode after the switch. When several processes create a file at the same time, all
    but one are told that it is busy, without SQLite's own waiting; so we wait here."""
    deadline = time.monotonic() + patience
    pause = threading.Event()
    while True:
        try:
            (mode,) = connection.execute(QUERIES["write_ahead"]).fetchone()
        except sqlite3.OperationalError as error:
            busy = (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
            pause.wait(_PAUSE)
        else:
            return str(mode)
