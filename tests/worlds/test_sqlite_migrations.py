"""The numbered files of the schema."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from outlast.errors import SchemaVersionError
from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, dispatch, heartbeat
from outlast.world import PruneRequest
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.connecting import connect_writer
from outlast.worlds.sqlite.migrations import migrate, migrations, schema_version
from outlast.worlds.sqlite.queries import COMMIT


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


@pytest.fixture
def of_version_1(tmp_path: Path) -> Path:
    """A file as release 0.1 made it, with a run that has ended, one that is held, and its worker."""
    path = tmp_path / "world.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(migrations()[1])
    connection.executescript("""
        INSERT INTO runs (number, id, workflow, status, version, queue, priority, attributes, due_at,
            epoch, worker, position, last_at, recoveries, created_at, ended_at)
        VALUES
            (1, 'over', 'flow', 'completed', '1', 'default', 0, '{"x":1}', NULL, 1, NULL, 1, 5, 0, 5, 6),
            (2, 'held', 'flow', 'running', '1', 'default', 0, '{}', 9, 1, 'me', 1, 5, 0, 5, NULL);
        INSERT INTO events (run, position, at, kind, data)
        VALUES (1, 0, 5, 'run_created', '{}'), (2, 0, 5, 'run_created', '{}');
        INSERT INTO run_attributes (run_id, name, value) VALUES ('over', 'x', '1');
        INSERT INTO workers (id, host, pid, version, queues, started_at, heartbeat_at)
        VALUES ('me', 'here', 1, '1', '["default"]', 5, 5);
    """)
    connection.close()
    return path


def test_a_file_of_version_1_is_brought_up_to_date(of_version_1: Path) -> None:
    """What is in it stays, and it can do what a new file can."""

    async def use() -> None:
        clock = SettableClock()
        world = SqliteWorld(of_version_1, clock)
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            assert [worker.live_runs for worker in await world.listing.workers()] == [0]
            await world.claims.renew(heartbeat("me", "held", attempts=2))
            assert [worker.attempts for worker in await world.listing.workers()] == [2]
            await scene.dispatch("held", dispatch("work#1"))
            assert await scene.claimed_refs() == ["work#1"]
            assert await world.retention.prune(PruneRequest(ended_before=7)) == 1
            assert await world.listing.get("over") is None
            assert await scene.kinds("held") == ["run_created"]

    asyncio.run(use())


def test_a_migrated_schema_is_that_of_a_new_file(of_version_1: Path) -> None:
    migrated, new = sqlite3.connect(of_version_1, isolation_level=None), sqlite3.connect(":memory:")
    new.isolation_level = None
    migrate(migrated, "url")
    migrate(new, "url")

    assert schema(migrated) == schema(new)
    migrated.close()
    new.close()


def test_who_is_late_to_make_a_file_sees_the_tables_of_who_was_faster(tmp_path: Path) -> None:
    """SQLite keeps what it has seen, and asks no more when a trigger names a table."""
    path = tmp_path / "runs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as late:
        assert schema_version(late, "late", max(migrations())) == 0
        connect_writer(path, "fast", 1.0).close()
        migrate(late, "late")
        for statement in COMMIT.values():
            late.execute(statement)
        late.execute("INSERT INTO commits (hooks) VALUES (NULL)")
