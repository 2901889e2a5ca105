"""The worlds under test, each over an empty storage."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from outlast._clock import Clock
from outlast.testing.conformance import WorldFactory
from outlast.world import World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.sqlite import SqliteWorld
from tests.postgres import Postgres

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


def postgres_schema(server: Postgres) -> WorldFactory:
    url = server.url()
    return lambda clock: PostgresWorld(url, clock)


STORAGES: dict[str, Storage] = {"memory": memory, "sqlite": sqlite}


@pytest.fixture(params=[*STORAGES, "postgres"], scope="module")
def storage(request: pytest.FixtureRequest) -> Storage:
    name = str(request.param)
    if name in STORAGES:
        return STORAGES[name]
    server: Postgres = request.getfixturevalue("postgres")
    return lambda _: postgres_schema(server)
