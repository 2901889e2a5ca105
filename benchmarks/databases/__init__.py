"""The databases that are measured: with nothing of the library, and what they know of its runs."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.databases.sqlite import SqliteDatabase
from benchmarks.model import Measured, Place


class BareTable(Protocol):
    """A table of events as one would write it by hand, with the durability of the world."""

    async def commit_times(self, commits: int, *, rows: int = 1, pause: float = 0.0) -> list[float]:
        """The seconds that each of so many commits took, one after another, each after a pause of so many seconds."""
        ...

    async def reuse_log(self) -> None:
        """From now on commits go into a log that need not grow, where that makes a difference."""
        ...


class Database(Protocol):
    """The database of one measurement."""

    def bare(self) -> AbstractAsyncContextManager[BareTable]:
        """A table beside those of the world, on a connection of its own."""
        ...

    async def limits(self) -> Measured:
        """What it can do at best, now."""
        ...

    async def count_runs(self, status: str) -> int:
        """How many runs of the world have the status."""
        ...

    async def commits(self) -> int:
        """How many transactions have written to it so far; always 0 where it does not tell."""
        ...


def database_of(place: Place) -> Database:
    """The database that the world of the place is in."""
    if place.url.startswith("sqlite:"):
        return SqliteDatabase(place.folder, place.url)
    return PostgresDatabase(place.url)
