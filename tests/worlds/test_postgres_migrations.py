"""Migrations are applied once, by one of those who open, and in two stages."""

import asyncio

import pytest
from msgspec.structs import replace

from outlast.errors import WorldError
from outlast.testing.conformance.scene import Scene, append, draft
from outlast.worlds.postgres import PostgresSchema, PostgresWorld, schema_of
from outlast.worlds.postgres.address import read_address
from outlast.worlds.postgres.migrations import LATEST, MIGRATIONS, Migration
from tests.postgres import Postgres
from tests.worlds.postgres_scenes import as_user, beside, in_scene, make, opened, user
from tests.worlds.postgres_scenes import schema_of as name_of

PRE = Migration(LATEST + 1, "remarks", "pre", "ALTER TABLE {schema}.runs ADD COLUMN remark text;")
POST = Migration(LATEST + 2, "no_remarks", "post", "ALTER TABLE {schema}.runs DROP COLUMN remark;")


def test_numbers_have_no_gaps() -> None:
    assert [one.number for one in MIGRATIONS] == list(range(1, LATEST + 1))


def test_opening_makes_the_schema_and_records_how(postgres: Postgres) -> None:
    url = postgres.url()
    before = asyncio.run(schema_of(url).status())
    make(url)
    after = asyncio.run(schema_of(url).status())

    assert (before.current, before.known, before.up_to_date) == (0, LATEST, False)
    assert before.pending_pre == tuple(f"{one.number:04}_{one.name}" for one in MIGRATIONS)
    assert (after.current, after.pending_pre, after.up_to_date) == (LATEST, (), True)


def test_looking_makes_nothing(postgres: Postgres) -> None:
    url = postgres.url()

    async def body() -> None:
        await schema_of(url).status()
        async with beside(postgres) as other:
            assert await other.fetchval("SELECT to_regnamespace($1)", name_of(url)) is None

    asyncio.run(body())


def test_several_open_an_empty_database_at_once(postgres: Postgres) -> None:
    """Also where transactions of the user would not see what was committed after they began."""
    with user(postgres, "default_transaction_isolation = 'repeatable read'") as stubborn:
        url = as_user(postgres.url(), stubborn)

        async def open_it() -> None:
            async with opened(url) as (scene, _):
                await scene.commit(draft("a"), append("a", "fact"))

        async def body() -> None:
            await asyncio.gather(*(open_it() for _ in range(5)))
            async with opened(url) as (scene, world):
                assert await scene.kinds("a") == ["run_created", *["fact"] * 5]
                level = await world._writing.call(
                    lambda connection: connection.fetchval("SHOW transaction_isolation")
                )
                assert level == "read committed"

        asyncio.run(body())


def test_what_fails_is_not_recorded(postgres: Postgres) -> None:
    """Each migration is a transaction; those before it stay."""
    url = postgres.url()
    broken = Migration(
        LATEST + 2, "broken", "pre", "CREATE TABLE {schema}.half (x text); SELECT 1 / 0;"
    )
    schema = PostgresSchema(read_address(url), (*MIGRATIONS, PRE, broken))

    async def body() -> None:
        with pytest.raises(Exception, match="division by zero"):
            await schema.upgrade()
        async with beside(postgres) as other:
            assert await other.fetchval(f"SELECT to_regclass('{name_of(url)}.half')") is None
        assert (await schema.status()).pending_pre == (f"{broken.number:04}_broken",)

    asyncio.run(body())


def test_post_steps_wait_for_an_upgrade_without_older_workers(postgres: Postgres) -> None:
    url = postgres.url()
    newer = PostgresSchema(read_address(url), (*MIGRATIONS, PRE, POST))

    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.register("old")
        await world._writing.call(newer.prepare)
        status = await newer.status()
        assert status.pending_pre == ()
        assert status.pending_post == (f"{POST.number:04}_no_remarks",)
        assert status.older_workers == ("old",)

        await scene.create(draft("a"))  # the older library goes on
        with pytest.raises(WorldError, match="old") as caught:
            await newer.upgrade()
        assert "--force" in str(caught.value)

        await scene.world.claims.unregister("old")
        assert await newer.upgrade() == (f"{POST.number:04}_no_remarks",)
        assert await newer.upgrade() == ()
        assert (await newer.status()).up_to_date

    in_scene(url, body)


def test_post_steps_can_be_forced(postgres: Postgres) -> None:
    url = postgres.url()
    newer = PostgresSchema(read_address(url), (*MIGRATIONS, PRE, POST))

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.register("old")
        assert len(await newer.upgrade(force=True)) == 2

    in_scene(url, body)


def test_an_upgrade_of_an_empty_database_applies_all(postgres: Postgres) -> None:
    schema = PostgresSchema(read_address(postgres.url()), (*MIGRATIONS, PRE, POST))

    assert len(asyncio.run(schema.upgrade())) == LATEST + 2


def test_schemas_of_one_database_are_apart(postgres: Postgres) -> None:
    """Two deployments: neither runs, nor workers, nor news of the one are the other's."""

    async def body() -> None:
        async with opened(postgres.url()) as (one, _), opened(postgres.url()) as (two, world):
            await one.register("me")
            await two.register("me")
            mark = world.news.mark()
            heard = asyncio.ensure_future(world.news.changed(mark))
            await one.create(draft("a", idempotency_key="key"))
            assert await two.world.listing.get("a") is None
            assert await two.claimed_ids() == []
            assert (await two.create(draft("b", idempotency_key="key"))).new
            assert await one.claimed_ids() == ["a"]
            heard.cancel()

    asyncio.run(body())


def test_a_schema_may_have_any_name(postgres: Postgres) -> None:
    url = postgres.url()
    strange = url.replace(name_of(url), "Kleine%20Fl%C3%BCsse%3B--%27")
    assert replace(read_address(strange), dsn="", url="").schema == "Kleine Flüsse;--'"

    async def body(scene: Scene, _: PostgresWorld) -> None:
        await scene.register("me")
        await scene.commit(draft("a", attributes={"x": 1}))
        assert await scene.claimed_ids() == ["a"]
        await scene.world.claims.reap()

    in_scene(strange, body)
    asyncio.run(drop(postgres))


async def drop(postgres: Postgres) -> None:
    async with beside(postgres) as other:
        await other.execute('DROP SCHEMA "Kleine Flüsse;--\'" CASCADE')
