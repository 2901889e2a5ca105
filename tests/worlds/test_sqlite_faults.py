"""What can be wrong with the file is told clearly, and nothing is half written."""

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from outlast.errors import (
    SchemaVersionError,
    WorldCorruptError,
    WorldError,
    WorldUnavailableError,
)
from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, append, dispatch, draft, held
from outlast.world import RunFilter
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.migrations import migrations


def opening(path: Path) -> WorldError:
    """The error of opening the file."""

    async def fail() -> None:
        async with SqliteWorld(path, SettableClock(), patience=0.05).opened():
            pass

    with pytest.raises(WorldError) as caught:
        asyncio.run(fail())
    assert caught.value.url == f"sqlite:///{path}"
    assert caught.value.hint
    return caught.value


def make(path: Path) -> None:
    """An empty database of ours."""

    async def create() -> None:
        async with SqliteWorld(path, SettableClock()).opened():
            pass

    asyncio.run(create())


def test_missing_folder_is_named(tmp_path: Path) -> None:
    error = opening(tmp_path / "no" / "such" / "file.db")

    assert str(tmp_path / "no" / "such") in str(error)
    assert not (tmp_path / "no").exists()


def test_own_folder_is_made(tmp_path: Path) -> None:
    make(tmp_path / ".outlast" / "outlast.db")

    assert (tmp_path / ".outlast" / "outlast.db").is_file()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "folder" in str(opening(tmp_path))


def test_a_text_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, and not a database\n" * 100)

    assert isinstance(opening(path), WorldCorruptError)
    assert path.read_text().startswith("these are my notes")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE precious (value)")
    other.close()

    assert "another program" in str(opening(path))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]
    other.close()


def test_a_newer_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    make(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    error = opening(path)

    assert isinstance(error, SchemaVersionError)
    assert (error.found, error.known) == (99, max(migrations()))
    assert "99" in str(error)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    make(path)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)

    async def use() -> None:
        world = SqliteWorld(path, SettableClock())
        async with world.opened():
            await Scene(world, SettableClock(), lambda _: world).create(draft("a"))

    with pytest.raises(WorldCorruptError):
        asyncio.run(use())


@pytest.mark.parametrize("table", ["runs", "events", "steps", "workers"])
def test_a_missing_table_is_told(tmp_path: Path, table: str) -> None:
    """The number says that the schema is whole, and it is not."""
    path = tmp_path / "world.db"
    make(path)
    connection = sqlite3.connect(path)
    connection.execute(f"DROP TABLE {table}")
    connection.close()

    async def body(scene: Scene, _: SqliteWorld) -> None:
        await scene.create(held("a"))
        await scene.advance("a", "fact", dispatches=(dispatch("work#1"),))
        await scene.world.listing.workers()

    with pytest.raises(WorldCorruptError, match=f"no such table: .*{table}") as caught:
        in_scene(path, body)
    assert "backup" in str(caught.value)


def test_a_table_that_a_migration_needs_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(migrations()[1])
    connection.execute("DROP TABLE workers")
    connection.close()

    assert "no such table: workers" in str(opening(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    make(path)
    path.chmod(0o444)

    assert "permissions" in str(opening(path))


def test_a_connection_that_may_not_write_is_told(tmp_path: Path) -> None:
    async def body(scene: Scene, world: SqliteWorld) -> None:
        await world._writer.call(lambda connection: connection.execute("PRAGMA query_only = on"))
        with pytest.raises(WorldError, match="cannot be written") as caught:
            await scene.create(draft("a"))
        assert not isinstance(caught.value, WorldUnavailableError)

    in_scene(tmp_path / "world.db", body)


def in_scene(path: Path, body: Callable[[Scene, SqliteWorld], Awaitable[None]]) -> None:
    """Run the body with an open world."""

    async def run() -> None:
        clock = SettableClock()
        world = SqliteWorld(path, clock, patience=0.05)
        async with world.opened():
            await body(Scene(world, clock, lambda _: world), world)

    asyncio.run(run())


def test_a_locked_file_is_unavailable_and_then_works(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene, _: SqliteWorld) -> None:
        await scene.create(held("a"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for action in (scene.advance("a", "x"), scene.append("a", "x")):
            with pytest.raises(WorldUnavailableError, match="locked"):
                await action
        assert await scene.claim() == ()  # looks first, and there is nothing to lock for
        assert await scene.kinds("a") == ["run_created"]
        other.execute("COMMIT")
        other.close()
        assert (await scene.advance("a", "x")).position == 2

    in_scene(path, body)


def test_a_locked_file_cannot_be_opened_for_now(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    error = opening(path)
    assert isinstance(error, WorldUnavailableError)
    assert "Running workers try again" in str(error), "those that are being started do not"
    other.execute("COMMIT")
    other.close()
    make(path)


def test_a_full_disk_rolls_back_and_recovers(tmp_path: Path) -> None:
    async def body(scene: Scene, world: SqliteWorld) -> None:
        await scene.commit(held("a"), held("b"))
        await world._writer.call(lambda c: c.execute("PRAGMA max_page_count = 1").fetchone())
        big = ["fact"] * 2_000
        for _ in range(2):
            with pytest.raises(WorldUnavailableError, match="full"):
                await scene.advance("a", *big)
            with pytest.raises(WorldUnavailableError, match="full"):
                await scene.commit(append("a", *big), append("b", "x"))
        assert await scene.kinds("a") == await scene.kinds("b") == ["run_created"]
        await world._writer.call(lambda c: c.execute("PRAGMA max_page_count = 100000").fetchone())
        assert (await scene.advance("a", *big)).position == 2_001
        assert await scene.kinds("b") == ["run_created"]

    in_scene(tmp_path / "world.db", body)


def test_a_fault_amid_a_transaction_rolls_back(tmp_path: Path) -> None:
    """Whatever is raised between begin and commit leaves no transaction open."""

    async def body(scene: Scene, world: SqliteWorld) -> None:
        def fail(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM runs")
            raise ZeroDivisionError

        await scene.create(draft("a"))
        with pytest.raises(ZeroDivisionError):
            await world._writer.call(fail)
        other = sqlite3.connect(tmp_path / "world.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # nothing is locked
        other.close()
        assert await scene.claimed_ids() == ["a"]

    in_scene(tmp_path / "world.db", body)


def test_what_no_lock_file_can_be_made_for_is_not_registered(tmp_path: Path) -> None:
    async def body(scene: Scene, _: SqliteWorld) -> None:
        (tmp_path / "world.db-workers").write_text("in the way")
        with pytest.raises(WorldError, match="lock"):
            await scene.register("me")
        assert await scene.world.listing.workers() == ()

    in_scene(tmp_path / "world.db", body)


def test_what_nobody_else_can_see_is_not_shown(tmp_path: Path) -> None:
    """SQLite would go on reading a file that has no name any more."""
    file, elsewhere = tmp_path / "world.db", tmp_path / "elsewhere.db"

    async def look(world: SqliteWorld) -> list[str]:
        asked = (
            world.listing.workers(),
            world.listing.counts(most=1),
            world.listing.find(RunFilter(), limit=1),
            world.listing.get("r"),
        )
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [one.slug for one in answers if isinstance(one, WorldUnavailableError)]

    async def main() -> None:
        async with SqliteWorld(file, SettableClock()).opened() as world:
            file.rename(elsewhere)
            assert await look(world) == ["world-unavailable"] * 4
            make_another = SqliteWorld(file, SettableClock())
            async with make_another.opened():
                assert await look(world) == ["world-unavailable"] * 4
                assert await look(make_another) == []
            for left in tmp_path.glob("world.db*"):
                if left.is_file():
                    left.unlink()
            elsewhere.rename(file)
            assert await look(world) == []

    asyncio.run(main())
