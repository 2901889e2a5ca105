"""The schema, as numbered files, and applying those that a file lacks."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from outlast.errors import SchemaVersionError
from outlast.worlds.sqlite.faults import foreign
from outlast.worlds.sqlite.queries import QUERIES

_APPLICATION = 0x4F75746C  # "Outl", as set by the first migration
_FILE = re.compile(r"(\d{4})_\w+\.sql")


def migrations() -> dict[int, str]:
    """Number -> script, in order. Each script ends by setting its number as `user_version`."""
    found = ((_FILE.fullmatch(file.name), file) for file in Path(__file__).parent.iterdir())
    scripts = {int(name[1]): file.read_text(encoding="utf-8") for name, file in found if name}
    return dict(sorted(scripts.items()))


def migrate(connection: sqlite3.Connection, url: str) -> None:
    """Bring the schema up to date, in one transaction. Several processes may do so at once.

    Raises `SchemaVersionError` if it is newer than this library, and `WorldCorruptError` if the
    database is another program's.
    """
    scripts = migrations()
    if schema_version(connection, url, max(scripts)) == max(scripts):
        return
    connection.execute(QUERIES["begin"])
    try:
        # Asked again now that we hold the lock: another process may have been faster.
        found = schema_version(connection, url, max(scripts))
        for number, script in scripts.items():
            if number > found:
                _run(connection, script)
        connection.execute(QUERIES["commit"])
    except BaseException:
        connection.rollback()
        raise


def schema_version(connection: sqlite3.Connection, url: str, known: int) -> int:
    """The number of the last migration that was applied; 0 in an empty file.

    Raises `SchemaVersionError` if it is above `known`, and `WorldCorruptError` if the database is another
    program's.
    """
    found = _ask(connection, "schema_version")
    # Asked in any case: that SQLite sees what tables there are by now. Of triggers it looks for the tables only in what
    # it has seen, and would go on to find none where another process has made them meanwhile.
    tables = _ask(connection, "table_count")
    if _ask(connection, "application") != _APPLICATION and (found or tables):
        raise foreign(url)
    if found > known:
        from importlib.metadata import version  # slow to import, and hardly ever needed

        raise SchemaVersionError(url, found=found, known=known, library=version("outlast"))
    return found


def _ask(connection: sqlite3.Connection, query: str) -> int:
    (answer,) = connection.execute(QUERIES[query]).fetchone()
    return int(answer)


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements one by one: `executescript` would commit first."""
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
