"""What SQLite's errors mean for the user of a world."""

import sqlite3

from outlast.errors import WorldCorruptError, WorldError, WorldUnavailableError

_AGAIN = "Nothing was written. Running workers try again on their own."

_MEANINGS: dict[int, tuple[type[WorldError], str, str]] = {
    sqlite3.SQLITE_BUSY: (
        WorldUnavailableError,
        "the database is locked by another program",
        _AGAIN,
    ),
    sqlite3.SQLITE_LOCKED: (WorldUnavailableError, "the database is locked", _AGAIN),
    sqlite3.SQLITE_FULL: (WorldUnavailableError, "the disk is full", _AGAIN),
    sqlite3.SQLITE_IOERR: (WorldUnavailableError, "the disk failed", _AGAIN),
    sqlite3.SQLITE_CORRUPT: (
        WorldCorruptError,
        "the database is damaged",
        "Stop all workers, keep a copy of the file, and restore a backup or try `.recover`.",
    ),
    sqlite3.SQLITE_NOTADB: (
        WorldCorruptError,
        "the file is not a SQLite database",
        "Name another file.",
    ),
    sqlite3.SQLITE_READONLY: (
        WorldError,
        "the database cannot be written",
        "Check the permissions of the file and of its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        WorldError,
        "the file cannot be opened",
        "Check that the path names a file, and the permissions of its folder.",
    ),
}
"""SQLite's result code, without its extended part: what it is to us, why, what to do."""


_LACKING = ("no such table:", "no such index:", "no such column:", " has no column named ")
"""How SQLite says that there is less in the file than its schema version promises. That one of our
queries should ask for what the schema has not is seen when it is tested."""


def explained(url: str, error: sqlite3.Error) -> Exception:
    """The error of this library for an error of SQLite; the error itself where it tells of a bug."""
    if any(sign in str(error) for sign in _LACKING):
        return lacking(url, error)
    meaning = _MEANINGS.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF)
    if meaning is None:
        return error
    kind, reason, hint = meaning
    return kind(url, f"{reason} (SQLite: {error})", hint=hint)


def lacking(url: str, error: sqlite3.Error) -> WorldCorruptError:
    """The error for a database that lacks a part of its schema."""
    return WorldCorruptError(
        url,
        f"a part of the schema is missing (SQLite: {error})",
        hint="Something other than Outlast has changed the database. Restore a backup of it.",
    )


def foreign(url: str) -> WorldCorruptError:
    """The error for a SQLite database that some other program has made."""
    return WorldCorruptError(
        url, "the file is a database of another program", hint="Name another file."
    )


def deleted(url: str) -> WorldError:
    """The file is not the one that was opened."""
    return WorldError(
        url,
        "the file was deleted or replaced while it was open",
        hint="Put the file back, or start the worker again to serve the new one.",
    )


def gone(url: str) -> WorldError:
    """The same for who reads: it may be put back."""
    return WorldUnavailableError(
        url,
        "the file was deleted, moved or replaced while it was open",
        hint="Put the file back, or start this program again to see the new one.",
    )


def closed(url: str) -> WorldError:
    """The error for the use of a world outside `opened()`."""
    return WorldError(
        url, "the world is not open", hint="Use it inside `async with world.opened():`."
    )


def opened_twice(url: str) -> WorldError:
    """The error for opening a world that is open."""
    return WorldError(
        url, "the world is open already", hint="Make a second world object for the same file."
    )


def without_lock(url: str, error: OSError) -> WorldError:
    """The error for a worker whose lock file cannot be made or locked."""
    return WorldError(
        url,
        f"the lock file of a worker cannot be used ({error})",
        hint="Check the permissions of the folder beside the database, and that no other worker "
        "has this id.",
    )
