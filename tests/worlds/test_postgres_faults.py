"""What can be wrong with the server is told clearly, and nothing is half written."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import asyncpg
import pytest

from outlast import App, WorkerOptions
from outlast.errors import SchemaVersionError, WorldError, WorldUnavailableError
from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import LEASE, Scene, append, draft, held
from outlast.world import Claim, Heartbeat
from outlast.worlds.postgres import PostgresWorld, connecting, log
from outlast.worlds.postgres.address import read_address
from outlast.worlds.postgres.faults import explained
from tests.postgres import Postgres
from tests.worlds.postgres_scenes import (
    as_user,
    beside,
    execute,
    in_scene,
    make,
    opened,
    schema_of,
    until,
    user,
)

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"


def opening(url: str) -> WorldError:
    """The error of opening the world."""

    async def fail() -> None:
        async with PostgresWorld(url, SettableClock()).opened():
            pass

    with pytest.raises(WorldError) as caught:
        asyncio.run(fail())
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("postgresql://me:secret@127.0.0.1:1/base", WorldUnavailableError, "cannot be reached"),
        ("postgresql://me:secret@host.invalid/base", WorldUnavailableError, "cannot be reached"),
        ("postgresql://me:secret@/base?host=/no/such/folder", WorldUnavailableError, "reached"),
        ("postgresql://me:secret@host:port/base", WorldError, "cannot be a port"),
    ],
)
def test_a_wrong_url(url: str, kind: type[WorldError], message: str) -> None:
    error = opening(url)

    assert type(error) is kind
    assert message in str(error)


def test_an_unknown_database(postgres: Postgres) -> None:
    url = urlsplit(postgres.url())._replace(path="/nowhere").geturl()

    assert "no such database" in str(opening(url))


@pytest.mark.parametrize(
    "parameters",
    [
        {"statement_timeout": "abc"},
        {"work_mem": "1"},
        {"timezone": "Nowhere/Else"},
        {"role": "nobody_at_all"},
        {"options": "nonsense"},
        {"options": "-c%20no_such_setting=1"},
    ],
    ids=str,
)
def test_a_setting_that_the_server_refuses(postgres: Postgres, parameters: dict[str, str]) -> None:
    error = opening(postgres.url(**parameters))

    assert type(error) is WorldError
    assert "the server refuses a setting" in str(error)
    assert "parameters in the URL" in str(error.hint)


def test_a_url_as_hosts_print_it(postgres: Postgres) -> None:
    url = postgres.url(
        connect_timeout="3",
        channel_binding="prefer",
        gssencmode="disable",
        target_session_attrs="read-write",
        application_name="shop",
        options="-c%20work_mem%3D5MB",
    )
    asking = "SELECT current_setting('application_name') || ' ' || current_setting('work_mem')"

    async def told() -> object:
        connection = await connecting.connect(read_address(url))
        try:
            return await connection.fetchval(asking)
        finally:
            await connection.close()

    assert asyncio.run(told()) == "shop 5MB"
    assert read_address(url).connect_within == 3


def test_a_server_of_the_wrong_kind(postgres: Postgres) -> None:
    error = opening(postgres.url(target_session_attrs="read-only"))

    assert type(error) is WorldUnavailableError
    assert "is what its target_session_attrs asks for" in str(error)


def test_a_user_without_rights(postgres: Postgres) -> None:
    with user(postgres, rights="") as guest:
        error = opening(as_user(postgres.url(), guest))

    assert "lacks a right" in str(error)
    assert not isinstance(error, WorldUnavailableError)
    assert "AUTHORIZATION" in str(error.hint)


def test_a_schema_of_ones_own_needs_no_other_right(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.create(draft("a"))

    with user(postgres, rights="") as tenant:
        execute(postgres, f'CREATE SCHEMA "{schema_of(url)}" AUTHORIZATION {tenant}')
        in_scene(as_user(url, tenant), body)


def test_a_wrong_password() -> None:
    """The server of the tests trusts everybody; this is what others say."""
    error = explained("postgresql://host/base", asyncpg.InvalidPasswordError("not for you"))

    assert type(error) is WorldError
    assert "does not take the password" in str(error)


def test_a_server_that_is_too_old(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "OLDEST", 99)

    assert "99 is the oldest that will do" in str(opening(postgres.url()))


def test_a_database_of_another_encoding(postgres: Postgres) -> None:
    execute(postgres, "CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        error = opening(urlsplit(postgres.url())._replace(path="/narrow").geturl())
    finally:
        execute(postgres, "DROP DATABASE narrow WITH (FORCE)")

    assert "LATIN1" in str(error)
    assert "--encoding=UTF8" in str(error.hint)


def test_a_server_that_takes_no_writes(postgres: Postgres) -> None:
    """As a replica does, and a server that is being demoted."""
    with user(postgres, "default_transaction_read_only = on") as reader:
        error = opening(as_user(postgres.url(), reader))

    assert isinstance(error, WorldUnavailableError)
    assert "read-only replica" in str(error)


def test_too_many_connections(postgres: Postgres) -> None:
    """One is enough to open and to commit; what else needs one is unavailable until there is one."""
    url = postgres.url()
    with user(postgres, rights="CONNECTION LIMIT 1") as thrifty:
        execute(postgres, f'CREATE SCHEMA "{schema_of(url)}" AUTHORIZATION {thrifty}')

        async def body(scene: Scene, _: PostgresWorld) -> None:
            await scene.create(draft("a"))
            with pytest.raises(WorldUnavailableError, match="no connection left"):
                await scene.run("a")
            async with beside(postgres) as other:
                await other.execute(f"ALTER ROLE {thrifty} CONNECTION LIMIT 9")
            assert (await scene.run("a")).id == "a"

        in_scene(as_user(url, thrifty), body)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("53100", "disk is full"),
        ("53200", "out of some resource"),
        ("57P01", "starting or stopping"),
        ("58030", "machine failed"),
    ],
)
def test_a_server_in_need_is_unavailable(postgres: Postgres, state: str, message: str) -> None:
    """Raised by a trigger where the server would raise it: nothing of the batch is written, and the
    world goes on when the need is over."""
    url = postgres.url()
    make(url)
    schema = schema_of(url)

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.create(held("a"))
        async with beside(postgres) as other:
            await other.execute(
                f'CREATE FUNCTION "{schema}".fail() RETURNS trigger LANGUAGE plpgsql AS '
                f"$$ BEGIN RAISE SQLSTATE '{state}'; END $$;"
                f'CREATE TRIGGER fail BEFORE INSERT ON "{schema}".events '
                f'EXECUTE FUNCTION "{schema}".fail()'
            )
            with pytest.raises(WorldUnavailableError, match=message):
                await scene.commit(append("a", "lost"), draft("b"))
            await other.execute(f'DROP FUNCTION "{schema}".fail() CASCADE')
        assert await scene.kinds("a") == ["run_created"]
        assert await scene.world.listing.get("b") is None
        await scene.append("a", "kept")
        assert await scene.kinds("a") == ["run_created", "kept"]

    in_scene(url, body)


def test_an_error_that_nobody_knows_ends_no_worker(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """Its heartbeats are tried again."""
    url = postgres.url()
    schema = schema_of(url)

    async def body() -> None:
        async with (
            beside(postgres) as other,
            App(url, options=WorkerOptions(lease="1s")) as app,
            PostgresWorld(url, SettableClock()).opened() as neighbour,
        ):
            await other.execute(
                f'CREATE FUNCTION "{schema}".fail() RETURNS trigger LANGUAGE plpgsql AS '
                f"$$ BEGIN RAISE 'a bug'; END $$;"
                f'CREATE TRIGGER fail BEFORE UPDATE ON "{schema}".workers '
                f'EXECUTE FUNCTION "{schema}".fail()'
            )

            async def failed() -> bool:
                return "a service of the worker failed" in caplog.text

            async def beats() -> bool:
                (worker,) = await neighbour.listing.workers()
                return worker.heartbeat_at > worker.started_at

            await until(failed)
            await other.execute(f'DROP FUNCTION "{schema}".fail() CASCADE')
            await until(beats)
            assert app.runtime.worker_id is not None

    asyncio.run(body())


def test_news_that_the_server_refuses_are_not_the_last(postgres: Postgres) -> None:
    """As it does while the queue of notifications is full: who tells of what is written goes on."""

    async def body(scene: Scene, world: PostgresWorld) -> None:
        world.news._query = "SELECT 1 / 0, $1::text, $2::text"
        async with asyncio.timeout(10):
            for run_id in ("a", "b"):
                await scene.create(draft(run_id))
                assert world.news._teller is not None
                while world.news._teller is not None:
                    await asyncio.sleep(0.001)

    in_scene(postgres.url(), body)


@pytest.mark.parametrize("part", [1, 60, 10_000])
def test_a_log_that_is_larger_than_an_answer(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """No value of PostgreSQL is larger than a gigabyte."""
    monkeypatch.setattr(log, "PART", part)
    kinds = [f"fact_{number}" for number in range(9)]

    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.commit(draft("a"), append("a", *kinds))
        assert await scene.kinds("a") == ["run_created", *kinds]
        some = await world.log.read("a", after=3, limit=4)
        assert [event.position for event in some] == [3, 4, 5, 6]
        assert await world.log.read("a", after=10) == ()

    in_scene(postgres.url(), body)


def test_a_statement_that_takes_too_long(postgres: Postgres) -> None:
    url = postgres.url()
    make(url)

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.create(held("a"))
        async with beside(postgres) as other, other.transaction():
            await other.execute(f'SELECT FROM "{schema_of(url)}".runs FOR UPDATE')
            with pytest.raises(WorldUnavailableError, match="took too long"):
                await scene.advance("a", "late")
        assert not (await scene.advance("a", "again")).fenced

    with user(postgres, "statement_timeout = '1s'") as hasty:
        in_scene(as_user(url, hasty), body)


def test_a_deadlock_is_tried_again(postgres: Postgres) -> None:
    """Somebody else's transaction takes two rows the other way round. The server ends one of the two; if it
    is the commit, the commit is made again."""
    url = postgres.url()
    make(url)
    schema = schema_of(url)

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.commit(held("a"), held("b"))
        async with beside(postgres) as other, other.transaction():
            lock = f'SELECT FROM "{schema}".runs WHERE id = $1 FOR UPDATE'
            await other.execute("SET LOCAL deadlock_timeout = '60s'")
            await other.execute(lock, "b")
            commit = asyncio.create_task(scene.commit(append("a", "x"), append("b", "x")))
            async with beside(postgres) as watcher:
                await until(lambda: waiting(watcher))
            await other.execute(lock, "a")  # only the commit can be the one that gives way
        await commit
        assert await scene.kinds("a") == await scene.kinds("b") == ["run_created", "x"]

    with user(postgres, "deadlock_timeout = '1s'") as patient:
        in_scene(as_user(url, patient), body)


async def waiting(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Whether some transaction waits for a row."""
    return bool(
        await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid'"
        )
    )


def test_lost_connections_are_made_again(postgres: Postgres) -> None:
    """At most the one call fails that was under way; a worker stays known, and what it holds is its own."""

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.register("me")
        await scene.create(held("a", "me"))
        for number in range(3):
            async with beside(postgres) as other:
                await other.execute(CUT, name)
            with suppress(WorldUnavailableError):
                await scene.append("a", f"perhaps-{number}")
            await scene.append("a", f"surely-{number}")
        kinds = await scene.kinds("a")
        assert [kind for kind in kinds if kind.startswith("surely")] == [
            f"surely-{number}" for number in range(3)
        ]
        await until(lambda: registers(scene))

    with user(postgres) as name:
        in_scene(as_user(postgres.url(), name), body)


async def registers(scene: Scene) -> bool:
    """Whether a worker can be registered: the session has a connection again."""
    with suppress(WorldUnavailableError):
        await scene.register("another")
        return True
    return False


def test_a_worker_that_was_taken_for_dead_is_made_known_again(postgres: Postgres) -> None:
    """Its connection was lost, and others were faster than it was in making a new one. What it held is
    theirs, and its next heartbeat registers it again."""
    url = postgres.url()

    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.register("me")
        await scene.create(held("a", "me"))
        async with opened(url) as (other, _):
            await lose_session(world)
            await until(lambda: reaped(other))
            assert await other.claimed_ids("other") == ["a"]
            assert (await scene.advance("a", "late")).fenced
            heartbeat = Heartbeat(claim=Claim("me", LEASE), runs=("a",))
            await until(lambda: renewed(scene, heartbeat))
            assert [worker.id for worker in await other.world.listing.workers()] == ["me"]
            assert await other.world.claims.reap() == 0

    in_scene(url, body)


def test_who_comes_back_first_takes_nobody_for_dead(postgres: Postgres) -> None:
    """After a server's new start all locks are free, and all workers alive: they get time to come back."""
    url = postgres.url()

    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.register("first")
        async with opened(url) as (other, slow):
            await other.register("slow")
            await other.create(held("a", "slow"))
            await lose_session(slow)
            async with beside(postgres) as superuser:
                await superuser.execute(CUT, name)
            await until(lambda: registers(scene))
            assert [await scene.world.claims.reap() for _ in range(3)] == [0, 0, 0]
            assert not (await other.advance("a", "kept")).fenced
            world.claims._session._trusts_locks_from = 0.0  # the time has passed
            await until(lambda: reaped(scene))

    with user(postgres) as name:
        in_scene(as_user(url, name), body)


async def reaped(scene: Scene) -> bool:
    return await scene.world.claims.reap() == 1


async def renewed(scene: Scene, heartbeat: Heartbeat) -> bool:
    try:
        await scene.world.claims.renew(heartbeat)
    except WorldUnavailableError:
        return False
    return True


async def lose_session(world: PostgresWorld) -> None:
    """Take the connection with the locks from a world, and keep it from making another one at once."""
    await world.claims._session.close()


def test_a_newer_schema_is_refused_with_both_versions(postgres: Postgres) -> None:
    url = postgres.url()
    make(url)
    record(postgres, url, 98, "pre")
    make(url)  # what a newer library has added, an older one can live with
    record(postgres, url, 99, "post")

    error = opening(url)

    assert isinstance(error, SchemaVersionError)
    assert error.found == 99
    assert "99" in str(error)


def record(postgres: Postgres, url: str, number: int, stage: str) -> None:
    """Have a newer library apply a migration."""
    table = f'"{schema_of(url)}".migrations (number, name, stage, library)'
    execute(postgres, f"INSERT INTO {table} VALUES ({number}, 'newer', '{stage}', '9.9')")  # noqa: S608 - names of our own


def test_tables_of_another_program_are_left_alone(postgres: Postgres) -> None:
    url = postgres.url()
    schema = schema_of(url)
    execute(postgres, f'CREATE SCHEMA "{schema}"', f'CREATE TABLE "{schema}".runs (mine text)')

    assert "tables of another program" in str(opening(url))
    execute(postgres, f'ALTER TABLE "{schema}".runs DROP COLUMN mine')


def test_a_schema_that_is_dropped_meanwhile(postgres: Postgres) -> None:
    url = postgres.url()

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.create(draft("a"))
        async with beside(postgres) as other:
            await other.execute(f'DROP SCHEMA "{schema_of(url)}" CASCADE')
        with pytest.raises(WorldError, match="is missing"):
            await scene.run("a")

    in_scene(url, body)


def test_it_is_open_once_at_a_time(postgres: Postgres) -> None:
    async def body(_: Scene, world: PostgresWorld) -> None:
        with pytest.raises(WorldError, match="open already"):
            async with world.opened():
                pass

    in_scene(postgres.url(), body)


def test_it_can_be_opened_again(postgres: Postgres) -> None:
    world = PostgresWorld(postgres.url(), SettableClock())

    async def use() -> None:
        async with world.opened():
            await Scene(world, SettableClock(), lambda _: world).register("me")
            mark = world.news.mark()
            assert await asyncio.wait_for(world.news.changed(mark - 1), 60) >= mark

    for _ in range(2):
        asyncio.run(use())
