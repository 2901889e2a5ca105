"""Several processes on one file: they die, they write at once, and they hear of each other."""

import asyncio
import fcntl
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import LEASE, Scene, append, draft
from outlast.worlds.sqlite import SqliteWorld
from tests.worlds.children import child, line


def in_scene(path: Path, body: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = SettableClock()
        world = SqliteWorld(path, clock)
        async with world.opened():
            await body(Scene(world, clock, lambda _: world))

    asyncio.run(run())


def test_a_killed_worker_is_noticed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        with child("hold", f"{path}") as doomed:
            assert line(doomed) == "done"
            assert await scene.world.claims.reap() == 0
            assert await scene.claimed_ids() == []
            doomed.send_signal(signal.SIGKILL)
            doomed.wait()
        assert await scene.world.claims.reap() == 1
        claimed = await scene.claim()
        assert [(run.run.id, run.run.recoveries) for run in claimed] == [("a", 1), ("b", 1)]
        assert await scene.world.listing.workers() == ()
        assert list((tmp_path / "world.db-workers").iterdir()) == []

    in_scene(path, body)


def test_of_several_reapers_one_counts_the_dead(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        with child("hold", f"{path}") as doomed:
            assert line(doomed) == "done"
        others = [SqliteWorld(path, SettableClock()) for _ in range(3)]
        async with others[0].opened(), others[1].opened(), others[2].opened():
            found = await asyncio.gather(*(other.claims.reap() for other in others))
        assert sum(found) == 1

    in_scene(path, body)


def test_who_asks_at_the_same_moment_does_not_look_alive(tmp_path: Path) -> None:
    """Asking whether a worker lives takes its lock for a moment, in a way that others may share."""
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        with child("hold", f"{path}") as doomed:
            assert line(doomed) == "done"
        with (tmp_path / "world.db-workers" / "doomed.lock").open() as asking:
            fcntl.flock(asking, fcntl.LOCK_SH)
            assert await scene.world.claims.reap() == 1

    in_scene(path, body)


def test_a_copied_database_has_no_living_workers(tmp_path: Path) -> None:
    """Without its lock files, a worker of the original counts as dead in the copy."""
    path, copy = tmp_path / "world.db", tmp_path / "copy.db"

    async def body(scene: Scene) -> None:
        assert await scene.world.claims.reap() == 1
        assert await scene.claimed_ids() == ["a", "b"]

    with child("hold", f"{path}") as doomed:
        assert line(doomed) == "done"
    copy.write_bytes(path.read_bytes())
    copy.with_name("copy.db-wal").write_bytes(path.with_name("world.db-wal").read_bytes())
    in_scene(copy, body)


def test_two_processes_write_to_one_log(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        await scene.create(draft("shared"))
        with child("write", f"{path}") as one, child("write", f"{path}") as two:
            for number in range(100):
                await scene.append("shared", f"parent-{number}")
            assert (line(one), line(two)) == ("done", "done")
        kinds = await scene.kinds("shared")
        assert len(kinds) == 301
        assert [kind for kind in kinds if kind.startswith("parent")] == [
            f"parent-{number}" for number in range(100)
        ]

    in_scene(path, body)


def test_two_processes_never_claim_the_same(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        await scene.commit(*(draft(f"r{number}") for number in range(300)))
        with child("claim", f"{path}") as one, child("claim", f"{path}") as two:
            taken = [run_id for process in (one, two) for run_id in line(process).split(",")]
        assert sorted(filter(None, taken)) == sorted(f"r{number}" for number in range(300))

    in_scene(path, body)


def test_news_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "world.db"

    async def body(scene: Scene) -> None:
        news = scene.world.news
        mark = news.mark()
        with child("create", f"{path}"):
            while await scene.world.listing.get("news") is None:
                mark = await asyncio.wait_for(news.changed(mark), 60)
        await scene.commit(append("news", "answer"))
        assert await scene.kinds("news") == ["run_created", "fact", "answer"]

    in_scene(path, body)


def test_processes_that_make_the_file_at_once(tmp_path: Path) -> None:
    """One of them creates the schema, and the others find it."""
    path = tmp_path / "world.db"
    with (
        child("create", f"{path}") as one,
        child("create", f"{path}") as two,
        child("create", f"{path}") as three,
    ):
        assert [line(process) for process in (one, two, three)] == ["done"] * 3

    async def body(scene: Scene) -> None:
        assert await scene.kinds("news") == ["run_created", "fact", "fact", "fact"]

    in_scene(path, body)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    with child("hold", f"{path}") as doomed:
        assert line(doomed) == "done"

    async def body(scene: Scene) -> None:
        for run_id in "ab":
            assert (await scene.run(run_id)).worker == "doomed"
        scene.clock.move(LEASE)
        assert await scene.claimed_ids() == ["a", "b"]

    in_scene(path, body)
