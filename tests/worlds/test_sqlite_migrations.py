"""The numbered files of the schema."""

import sqlite3

import pytest

from outlast.errors import SchemaVersionError
from outlast.worlds.sqlite.migrations import migrate, migrations


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Names and definitions of all that the database has."""
    query = "SELECT name, sql FROM sqlite_master ORDER BY name"
    return [(str(name), str(sql)) for name, sql in connection.execute(query)]


def test_numbers_are_dense_and_each_file_sets_its_own() -> None:
    scripts = migrations()

    assert list(scripts) == list(range(1, len(scripts) + 1))
    for number, script in scripts.items():
        assert script.rstrip().endswith(f"PRAGMA user_version = {number};")


def test_migrating_again_changes_nothing() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, "url")
    before = schema(connection)

    migrate(connection, "url")

    assert schema(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone() == (max(migrations()),)
    connection.close()


def test_a_migration_that_fails_leaves_nothing() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA max_page_count = 5")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        migrate(connection, "url")

    assert schema(connection) == []
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


def test_a_newer_schema_is_not_touched() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, "url")
    connection.execute("PRAGMA user_version = 7")

    with pytest.raises(SchemaVersionError) as caught:
        migrate(connection, "url")

    assert (caught.value.found, caught.value.known) == (7, max(migrations()))
    connection.close()
