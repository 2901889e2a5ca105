"""The worlds under test, each over an empty storage."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from outlast._clock import Clock
from outlast.testing.conformance import WorldFactory
from outlast.world import World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.postgres.address import read_address
from outlast.worlds.postgres.connecting import connect
from outlast.worlds.sqlite import SqliteWorld

Storage: TypeAlias = Callable[[Path], WorldFactory]


def memory(_: Path) -> WorldFactory:
    made: list[MemoryWorld] = []

    def make(clock: Clock) -> World:
        if not made:
            made.append(MemoryWorld(clock))
        return made[0]

    return make


def sqlite(folder: Path) -> WorldFactory:
    return lambda clock: SqliteWorld(folder / "world.db", clock)


def emptied_schema(url: str) -> WorldFactory:
    """The schema without what others have left in it: to make one takes a hundred times as long."""
    asyncio.run(_empty(url))
    return lambda clock: PostgresWorld(url, clock)


async def _empty(url: str) -> None:
    address = read_address(url)
    connection = await connect(address)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'migrations'",
            address.schema,
        )
        for table in tables:
            await connection.execute(f'DELETE FROM "{address.schema}"."{table["tablename"]}"')  # noqa: S608 - names
    finally:
        await connection.close()


STORAGES: dict[str, Storage] = {"memory": memory, "sqlite": sqlite}


@pytest.fixture(params=[*STORAGES, "postgres"], scope="module")
def storage(request: pytest.FixtureRequest) -> Storage:
    name = str(request.param)
    if name in STORAGES:
        return STORAGES[name]
    schema = request.getfixturevalue("postgres").url()
    return lambda _: emptied_schema(schema)
