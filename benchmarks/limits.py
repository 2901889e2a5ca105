"""The limits of the machine, with nothing of the library: what the database commits, what asyncio switches."""

import asyncio
import resource
from time import perf_counter

from benchmarks.databases import Database
from benchmarks.model import Limit, Measured

COMMITS_S = Limit("durable commits one by one", lambda measured: measured["commits_s"])
ROWS_S = Limit("durable rows, 100 a commit", lambda measured: measured["rows_s"])


async def measure_limits(database: Database) -> Measured:
    """What the database can do, and a round trip through an asyncio task."""
    return {**await database.limits(), "task_us": await _task_round_trip() * 1e6}


async def _task_round_trip() -> float:
    loop = asyncio.get_running_loop()
    rounds = 20_000
    began = perf_counter()
    for _ in range(rounds):
        await loop.create_task(_nothing())
    return (perf_counter() - began) / rounds


async def _nothing() -> None:
    pass


def allow_many_files() -> None:
    """Let this process, and those that it starts, have as many connections as the system lets it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
