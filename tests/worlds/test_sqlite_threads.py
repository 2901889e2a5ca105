"""The threads of a SQLite world: they end, they hold the clock, and they stand forks."""

import asyncio
import os
import re
import sqlite3
import threading
import warnings
from pathlib import Path

import pytest

from outlast.errors import WorldError
from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, advance, append, draft, held
from outlast.world import World
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.threads import ConnectionThread


def threads() -> int:
    return sum(thread.name.startswith("outlast-sqlite") for thread in threading.enumerate())


def files_left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_no_thread_and_no_journal_is_left(tmp_path: Path) -> None:
    async def use() -> None:
        world = SqliteWorld(tmp_path / "world.db", SettableClock())
        for _ in range(3):
            async with world.opened():
                assert threads() == 2
            assert threads() == 0

    asyncio.run(use())
    assert files_left(tmp_path) == ["world.db"]


def test_no_thread_is_left_when_opening_fails(tmp_path: Path) -> None:
    async def use() -> None:
        with pytest.raises(WorldError):
            async with SqliteWorld(tmp_path / "no" / "world.db", SettableClock()).opened():
                pass

    asyncio.run(use())
    assert threads() == 0


def test_no_thread_is_left_when_the_body_raises(tmp_path: Path) -> None:
    async def use() -> None:
        async with SqliteWorld(tmp_path / "world.db", SettableClock()).opened():
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(use())
    assert threads() == 0


def test_what_is_under_way_is_finished_before_closing(tmp_path: Path) -> None:
    async def use() -> None:
        clock = SettableClock()
        world = SqliteWorld(tmp_path / "world.db", clock)
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            await scene.create(draft("a"))
            pending = [asyncio.ensure_future(scene.append("a", str(n))) for n in range(20)]
            await asyncio.wait(pending, timeout=0)
        assert all([(await answer).position for answer in pending])
        async with world.opened():
            assert await scene.kinds("a") == ["run_created", *map(str, range(20))]

    asyncio.run(use())


def test_the_clock_is_held_while_work_is_under_way(tmp_path: Path) -> None:
    async def use() -> None:
        clock = SettableClock()
        world = SqliteWorld(tmp_path / "world.db", clock)
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            work = asyncio.ensure_future(scene.create(draft("a")))
            await asyncio.wait([work], timeout=0)
            assert clock.held == (0 if work.done() else 1)
            await work
            news = asyncio.ensure_future(world.news.changed(world.news.mark()))
            await world.listing.get("a")
            assert clock.held == 0
            news.cancel()

    asyncio.run(use())


def test_who_waits_for_news_is_told_of_the_end(tmp_path: Path) -> None:
    async def use() -> None:
        world = SqliteWorld(tmp_path / "world.db", SettableClock())
        async with world.opened():
            waiting = asyncio.ensure_future(world.news.changed(world.news.mark()))
            await world.listing.get("a")
        with pytest.raises(WorldError, match="not open"):
            await waiting

    asyncio.run(use())


def test_a_look_that_fails_is_news(tmp_path: Path) -> None:
    """Who waits is woken, and meets the fault in the next call; the thread lives on."""

    async def use() -> None:
        world = SqliteWorld(tmp_path / "world.db", SettableClock())
        async with world.opened():
            mark = world.news.mark()
            waiting = asyncio.ensure_future(world.news.changed(mark))
            broken = sqlite3.connect(":memory:")
            broken.close()
            while not waiting.done():
                await world._writer.call(lambda _: world.news.look(broken))
            assert await waiting > mark
            assert await world.listing.get("a") is None

    asyncio.run(use())


def test_one_object_is_open_once(tmp_path: Path) -> None:
    async def use() -> None:
        world = SqliteWorld(tmp_path / "world.db", SettableClock())
        async with world.opened():
            with pytest.raises(WorldError, match="open already"):
                async with world.opened():
                    pass
            assert await world.listing.get("a") is None

    asyncio.run(use())
    assert threads() == 0


def test_two_objects_are_like_two_processes(tmp_path: Path) -> None:
    async def use() -> None:
        clock = SettableClock()
        first, second = (SqliteWorld(tmp_path / "world.db", clock) for _ in range(2))
        async with first.opened(), second.opened():
            await Scene(first, clock, lambda _: first).create(draft("a"))
            assert await second.listing.get("a") is not None

    asyncio.run(use())


def test_a_file_is_the_same_by_any_name_and_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a worker would look dead to whoever names its file by a link, or has changed its folder."""
    (tmp_path / "link.db").symlink_to("file:world.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    async def use() -> None:
        clock = SettableClock()
        first, second = SqliteWorld("file:world.db", clock), SqliteWorld("link.db", clock)
        async with first.opened(), second.opened():
            monkeypatch.chdir("elsewhere")
            await Scene(first, clock, lambda _: first).register("one")
            await Scene(second, clock, lambda _: second).register("two")
            assert [await one.claims.reap() for one in (first, second)] == [0, 0]
            assert {worker.id for worker in await first.listing.workers()} == {"one", "two"}

    asyncio.run(use())
    assert files_left(tmp_path / "elsewhere") == []
    assert files_left(tmp_path) == [
        "elsewhere",
        "file:world.db",
        "file:world.db-workers",
        "link.db",
    ]


def test_a_forked_child_does_not_keep_its_parent_alive(tmp_path: Path) -> None:
    """The locks of a worker that dies are free, though a child that it has forked lives on."""

    async def use() -> int:
        clock = SettableClock()
        doomed: World = SqliteWorld(tmp_path / "world.db", clock)
        async with doomed.opened():
            await Scene(doomed, clock, lambda _: doomed).register("doomed")
            await Scene(doomed, clock, lambda _: doomed).create(held("a", "doomed"))
            child, hang_up = fork_a_child_that_waits()
        try:
            living: World = SqliteWorld(tmp_path / "world.db", clock)
            async with living.opened():
                return await living.claims.reap()
        finally:
            os.close(hang_up)
            os.waitpid(child, 0)

    assert asyncio.run(use()) == 1


def fork_a_child_that_waits() -> tuple[int, int]:
    """The process id of the child, and the end of a pipe that ends it when it is closed."""
    waited_on, hang_up = os.pipe()
    with warnings.catch_warnings():  # newer Pythons warn of forks beside threads, as we have
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(hang_up)
        os.read(waited_on, 1)
        os._exit(0)
    os.close(waited_on)
    return child, hang_up


def test_a_plain_commit_is_one_statement(tmp_path: Path) -> None:
    """The fast path: no read, no begin and no commit of its own, for creations and advances; an
    append reads first."""

    async def use() -> None:
        clock = SettableClock()
        world = SqliteWorld(tmp_path / "world.db", clock)
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            await scene.commit(held("a"), held("b"))
            asked = await traced(world._writer)
            await scene.commit(draft("c"), advance("a", "x"), advance("b", "y"))
            assert verbs(asked) == ["INSERT"]
            asked.clear()
            await scene.commit(append("a", "z"))
            assert verbs(asked) == [
                "BEGIN",
                "SELECT",
                "INSERT",
                "COMMIT",
            ]

    asyncio.run(use())


def test_every_commit_is_synced(tmp_path: Path) -> None:
    """What is acknowledged survives the loss of power: the journal is synced at each commit."""

    pragmas = ("synchronous", "journal_mode")

    async def use() -> None:
        world = SqliteWorld(tmp_path / "world.db", SettableClock())
        async with world.opened():
            found = await world._writer.call(
                lambda c: [c.execute(f"PRAGMA {name}").fetchone() for name in pragmas]
            )
        assert found == [(2,), ("wal",)]

    asyncio.run(use())


def test_who_commits_a_lot_makes_room_in_the_log(tmp_path: Path) -> None:
    """After a hundred commits the write-ahead log is as long as it gets, once; nothing of it is in the database."""

    async def use() -> None:
        clock = SettableClock()
        world = SqliteWorld(tmp_path / "world.db", clock)
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            await scene.register("one")
            for number in range(99):
                await scene.create(draft(f"r{number}"))
            assert (tmp_path / "world.db-wal").stat().st_size < 5 * 2**20
            await scene.create(draft("r99"))
            size = (tmp_path / "world.db-wal").stat().st_size
            assert size > 7 * 2**20
            await scene.create(held("a", "one"))
            await scene.advance("a", *["fact"] * 1_000)
            assert (tmp_path / "world.db-wal").stat().st_size == size
            assert (tmp_path / "world.db").stat().st_size < 2**20

    asyncio.run(use())


def verbs(statements: list[str]) -> list[str]:
    """The first words of the statements, without the comments."""
    return [re.sub("--.*\n", "", statement).split()[0].rstrip(";") for statement in statements]


async def traced(writer: ConnectionThread) -> list[str]:
    """The statements that the connection runs from now on. One that has triggers is traced for each
    statement of theirs again."""
    asked: list[str] = []

    def note(statement: str) -> None:
        if asked[-1:] != [statement]:
            asked.append(statement)

    await writer.call(lambda connection: connection.set_trace_callback(note))
    return asked
