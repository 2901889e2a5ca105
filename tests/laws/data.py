"""The durable data of a law: what is left when a process has died."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from outlast._clock import Clock
from outlast.world import World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.sqlite import SqliteWorld
from tests.postgres import Postgres


class Data(Protocol):
    """Where runs are kept. Each process opens a world object of its own over it."""

    def world(self) -> World:
        """Another world object, not yet opened, over the same data."""
        ...


MakeData = Callable[[Clock], Data]
"""Makes empty data, whose worlds have that clock."""


Cover = Callable[[str, int], None]
"""Counts what a law has tried, by what it is."""


class MemoryData:
    """Data in memory: the one object is the data."""

    def __init__(self, clock: Clock) -> None:
        self._world = MemoryWorld(clock)

    def world(self) -> World:
        return self._world


class SqliteData:
    """Data in a file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock

    def world(self) -> World:
        return SqliteWorld(self._path, self._clock)


class PostgresData:
    """Data in a schema of a server."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock

    def world(self) -> World:
        return PostgresWorld(self._url, self._clock)


def in_files(folder: Path) -> MakeData:
    """Makes data in files of a folder."""
    numbers = itertools.count()

    def make(clock: Clock) -> Data:
        return SqliteData(folder / f"{next(numbers)}.db", clock)

    return make


def in_schemas(server: Postgres) -> MakeData:
    """Makes data in schemas of a server."""

    def make(clock: Clock) -> Data:
        return PostgresData(server.url(), clock)

    return make
