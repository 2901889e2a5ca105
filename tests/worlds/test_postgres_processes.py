"""Several processes on one schema: they die, they stop for a while, they write at once, and they hear of
each other; and the server goes away and comes back."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from outlast._clock import SECOND
from outlast._runtime.system import SystemClock
from outlast.errors import WorldError, WorldUnavailableError
from outlast.testing.conformance.scene import LEASE, Scene, append, draft, held
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.postgres import session as sessions
from tests.postgres import Postgres
from tests.worlds.children import child, line
from tests.worlds.postgres_scenes import in_scene, make, opened, until
from tools.postgres_server import FAST, PostgresServer, private_server, shared_server


async def reaped(scene: Scene) -> bool:
    return await scene.world.claims.reap() == 1


def test_a_killed_worker_is_noticed_at_once(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        with child("hold", url) as doomed:
            assert line(doomed) == "done"
            assert await scene.world.claims.reap() == 0
            assert await scene.claimed_ids() == []
            doomed.send_signal(signal.SIGKILL)
            doomed.wait()
        await until(lambda: reaped(scene))
        claimed = await scene.claim()
        assert [(run.run.id, run.run.recoveries) for run in claimed] == [("a", 1), ("b", 1)]
        assert await scene.world.listing.workers() == ()

    in_scene(url, body)


def test_a_stopped_worker_is_not_dead_but_its_lease_ends(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        with child("hold", url) as paused:
            assert line(paused) == "done"
            paused.send_signal(signal.SIGSTOP)
            assert await scene.world.claims.reap() == 0
            scene.clock.move(LEASE)
            assert sorted(await scene.claimed_ids("me")) == ["a", "b"]
            paused.send_signal(signal.SIGCONT)

    in_scene(url, body)


def test_of_several_reapers_one_counts_the_dead(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        async with opened(url) as (one, _), opened(url) as (two, _), opened(url) as (three, _):
            async with opened(url) as (doomed, _):
                await doomed.register("doomed")
                await doomed.create(held("a", "doomed"))
            found = await asyncio.gather(
                *(each.world.claims.reap() for each in (scene, one, two, three))
            )
        assert sum(found) == 1

    in_scene(url, body)


def test_a_worker_of_a_world_that_lost_its_session_does_not_reap_itself(
    postgres: Postgres,
) -> None:
    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.register("me")
        await world.claims._session.close()
        assert await scene.world.claims.reap() == 0
        assert len(await scene.world.listing.workers()) == 1

    in_scene(postgres.url(), body)


def test_one_id_is_one_worker(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.register("me")
        async with opened(url) as (other, _):
            with pytest.raises(WorldUnavailableError, match="holds the lock of worker 'me'"):
                await other.register("me")

    in_scene(url, body)


def test_two_processes_write_to_one_log(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.create(draft("shared"))
        with child("write", url) as one, child("write", url) as two:
            for number in range(100):
                await scene.append("shared", f"parent-{number}")
            assert (line(one), line(two)) == ("done", "done")
        kinds = await scene.kinds("shared")
        assert len(kinds) == 301
        assert [kind for kind in kinds if kind.startswith("parent")] == [
            f"parent-{number}" for number in range(100)
        ]

    in_scene(url, body)


def test_two_deployments_share_a_schema(postgres: Postgres) -> None:
    """Each takes the runs of the workflows that it knows; their ids, keys, versions and news are of one world."""
    url = postgres.url()

    async def body(scene: Scene, world: PostgresWorld) -> None:
        async with opened(url) as (other, _):
            await scene.register("old")
            await other.register("new")
            mark = world.news.mark()
            await other.commit(draft("a", idempotency_key="key"), draft("b", workflow="later"))
            assert await asyncio.wait_for(world.news.changed(mark), 60) > mark
            taken = await scene.create(draft("c", idempotency_key="key"))
            assert (taken.run_id, taken.new) == ("a", False)
            assert await scene.claimed_ids("old") == ["a"]
            assert await other.claimed_ids("new", workflows=("flow", "later")) == ["b"]
            await scene.world.listing.save_manifest("1", 0, b"old")
            await other.world.listing.save_manifest("2", 0, b"new")
            assert [await scene.world.listing.manifest(one) for one in "12"] == [b"old", b"new"]
            assert {one.id for one in await scene.world.listing.workers()} == {"old", "new"}

    in_scene(url, body)


def test_two_processes_never_claim_the_same(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.commit(*(draft(f"r{number}") for number in range(300)))
        with child("claim", url) as one, child("claim", url) as two:
            taken = [run_id for process in (one, two) for run_id in line(process).split(",")]
        assert sorted(filter(None, taken)) == sorted(f"r{number}" for number in range(300))

    in_scene(url, body)


def test_large_commits_of_two_users_never_wait_in_a_circle(postgres: Postgres) -> None:
    """Both append to the same runs, each in another order."""
    url = postgres.url()
    ids = [f"r{number}" for number in range(40)]

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.commit(*(draft(run_id) for run_id in ids))
        async with opened(url) as (other, _):
            for _number in range(10):
                await asyncio.gather(
                    scene.commit(*(append(run_id, "x") for run_id in ids)),
                    other.commit(*(append(run_id, "y") for run_id in reversed(ids))),
                )
        for run_id in ids:
            assert sorted((await scene.kinds(run_id))[1:]) == ["x"] * 10 + ["y"] * 10

    in_scene(url, body)


def test_news_without_notifications(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are lost: a look now and then finds what was written."""
    monkeypatch.setattr(sessions, "LOOK_EVERY", 0.05)
    url = postgres.url()

    async def body(scene: Scene, world: PostgresWorld) -> None:
        mark = await asyncio.wait_for(world.news.changed(world.news.mark()), 60)
        async with opened(url) as (other, silent):
            silent.news._open = False
            await other.create(draft("a"))
            while await scene.world.listing.get("a") is None:
                mark = await asyncio.wait_for(world.news.changed(mark), 60)
            silent.news._open = True

    in_scene(url, body)


def test_a_world_through_a_pooler_needs_no_session(postgres: Postgres) -> None:
    """What it does can go over another connection each time: nothing is prepared, listened to or locked."""
    url = postgres.url(pooler="transaction")

    async def body(scene: Scene, world: PostgresWorld) -> None:
        assert not world.capabilities.notices_death
        await scene.register("me")
        await scene.commit(draft("a"), held("b", "me"))
        await scene.commit(append("a", "x"))
        mark = world.news.mark()
        async with opened(url) as (other, _):
            await other.create(draft("c"))
            assert await asyncio.wait_for(world.news.changed(mark), 60) > mark
        assert await scene.claimed_ids("me") == ["a", "c"]
        assert await scene.world.claims.reap() == 0
        locks = await world._reading.call(
            lambda c: c.fetchval(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
            )
        )
        assert locks == 0

    in_scene(url, body)


def test_workers_clocks_do_not_matter(postgres: Postgres) -> None:
    """A clock that can follow shows the database's time; two that were apart are not any more."""

    class WrongClock(SystemClock):
        def now(self) -> int:
            return super().now() + (0 if self._ahead is not None else 3_600 * SECOND)

    async def body() -> None:
        url = postgres.url()
        right, wrong = SystemClock(), WrongClock()
        async with PostgresWorld(url, right).opened(), PostgresWorld(url, wrong).opened():
            assert abs(right.now() - wrong.now()) < SECOND // 10

    asyncio.run(body())


def test_a_server_that_goes_away_and_comes_back() -> None:
    """What was acknowledged is there, what fails is told, and everything goes on by itself."""

    async def body(scene: Scene, server: PostgresServer) -> None:
        await scene.register("me")
        await scene.create(held("a", "me"))
        for how in (signal.SIGINT, signal.SIGQUIT):
            server.stop(how)
            for _ in range(3):
                with pytest.raises(WorldUnavailableError):
                    await scene.append("a", "lost")
            server.start()
            await until(lambda: appended(scene))
        kinds = await scene.kinds("a")
        assert (kinds.count("kept"), kinds.count("lost")) == (2, 0)
        await until(lambda: registers(scene))

    with private_server(options=FAST) as server:
        in_scene(server.url(), lambda scene, _: body(scene, server))
        server.stop()
        server.start(standby=True)
        in_scene(server.url(), is_read)


async def is_read(scene: Scene, world: PostgresWorld) -> None:
    """A standby, on which nobody can listen: who follows its runs looks now and then, and no worker serves."""
    mark = world.news.mark()
    async with asyncio.timeout(10):
        assert (await scene.kinds("a"))[0] == "run_created"
        await world.news.changed(mark)
        with pytest.raises(WorldUnavailableError, match="read-only replica"):
            await scene.register("me")


def test_a_session_that_is_of_no_use_says_why(postgres: Postgres) -> None:
    """Whatever it meets: nobody waits for ever for a connection that is made again and again."""

    async def body(scene: Scene, world: PostgresWorld) -> None:
        queries = world._session._queries
        world._session._queries = {**queries, "lock": "SELECT 1 / 0 + $1::bigint"}
        async with asyncio.timeout(10):
            with pytest.raises(WorldError, match="division by zero"):
                await scene.register("me")
        world._session._queries = queries
        await until(lambda: registers(scene))

    in_scene(postgres.url(), body)


async def appended(scene: Scene) -> bool:
    with suppress(WorldUnavailableError):
        await scene.append("a", "kept")
        return True
    return False


async def registers(scene: Scene) -> bool:
    with suppress(WorldError):
        await scene.register("me")
        return True
    return False


def test_a_shared_server_ends_with_its_last_user(tmp_path: Path) -> None:
    with shared_server(tmp_path) as first:
        with shared_server(tmp_path) as second:
            assert first == second
        make(first)
        folder = Path((tmp_path / "postgres.folder").read_text())
        pid = PostgresServer(folder).pid
        assert pid is not None

    async def gone() -> bool:
        return not folder.exists()

    asyncio.run(until(gone))
