"""A commit that the server carries out, and whose answer is lost with the connection, is written once."""

import asyncio

import pytest
from msgspec.structs import replace

from outlast.errors import WorldUnavailableError
from outlast.testing.conformance.scene import Scene, advance, append, held
from outlast.world import Batch
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.postgres.connecting import Connection
from tests.postgres import Postgres
from tests.worlds.postgres_scenes import beside, in_scene, make, schema_of, until

LOCK = 1_874_302
"""The advisory lock for which each transaction waits once its events are in."""

ASKED = Batch(
    advances=(advance("b", "outcome"),), appends=(append("a", "wake"), append("b", "cancel"))
)


@pytest.mark.parametrize("under_way", [True, False], ids=["under way", "over"])
def test_it_is_not_written_again(postgres: Postgres, under_way: bool) -> None:
    """Whether or not the first try is over when the second one comes."""
    url = postgres.url()
    make(url)

    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.commit(held("a"), held("b"))
        connection = await world._writing.call(itself)
        async with beside(postgres) as other:
            await hold_up(other, schema_of(url))
            first = asyncio.ensure_future(scene.world.log.commit(ASKED))
            await until(lambda: waits_for(other, "advisory"))
            connection.terminate()
            with pytest.raises(WorldUnavailableError, match="connection to the server was lost"):
                await first
            if not under_way:
                await let_go(other)
                await until(lambda: written(scene))
            second = asyncio.ensure_future(scene.world.log.commit(replace(ASKED, again=True)))
            if under_way:
                await until(lambda: waits_for(other, "transactionid"))
                await let_go(other)
            receipt = await second
        assert [answer.position for answer in receipt.appended] == [1, 2]
        assert receipt.advanced[0].again
        assert await scene.kinds("a") == ["run_created", "wake"]
        assert await scene.kinds("b") == ["run_created", "outcome", "cancel"]

    in_scene(url, body)


async def itself(connection: Connection) -> Connection:
    return connection


async def hold_up(other: Connection, schema: str) -> None:
    """Let no transaction come to its end that writes events."""
    await other.execute(
        f'CREATE FUNCTION "{schema}".wait() RETURNS trigger LANGUAGE plpgsql AS '
        f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NULL; END $$;"
        f'CREATE TRIGGER wait AFTER INSERT ON "{schema}".events '
        f'EXECUTE FUNCTION "{schema}".wait()'
    )
    await other.execute("SELECT pg_advisory_lock($1)", LOCK)


async def let_go(other: Connection) -> None:
    await other.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def waits_for(other: Connection, what: str) -> bool:
    """Whether some transaction waits for a lock of that kind."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = $1"
    return bool(await other.fetchval(count, what))


async def written(scene: Scene) -> bool:
    return len(await scene.kinds("a")) == 2
