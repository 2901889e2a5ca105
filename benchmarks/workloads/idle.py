"""A worker that has nothing to do: what it costs to have one."""

import asyncio
from time import perf_counter
from typing import NamedTuple

from benchmarks.databases.postgres import Connection, PostgresDatabase
from benchmarks.flows import one_by_one
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App

SETTLING = 12
"""Seconds until the server has counted what came before. A session that has told its counts within the last
second keeps the next ones to itself, for up to 10 seconds if it is idle; what the start of a worker asks for would be
counted as what it asks for while idle."""


async def _measure(place: Place) -> Measured:
    database = PostgresDatabase(place.url)
    with ServingProcess(place) as worker:
        async with App(place.url, worker=False):
            if await one_by_one(5) != sum(range(5)):
                raise WrongResultError
        async with database.connected() as connection:
            await asyncio.sleep(SETTLING)
            await _counts(connection)
            before, used, began = await _counts(connection), worker.cpu_s(), perf_counter()
            await asyncio.sleep(place.pick(20, 3))
            seconds, used = perf_counter() - began, worker.cpu_s() - used
            after = await _counts(connection)
    return {
        "cpu_percent": 100 * used / seconds,
        "queries_s": max(0, after.transactions - before.transactions - 1) / seconds,  # 1: our own
        "writes_s": (after.writes - before.writes) / seconds,
    }


class Counts(NamedTuple):
    """What the server has counted, of all its clients."""

    transactions: int
    writes: int


async def _counts(connection: Connection) -> Counts:
    """The transactions of this database, as its sessions have reported them; and how many wrote."""
    found = await connection.fetchrow(
        "SELECT xact_commit + xact_rollback, pg_snapshot_xmax(pg_current_snapshot())::text::bigint "
        "FROM pg_stat_database WHERE datname = current_database()"
    )
    assert found is not None
    return Counts(*found)


PG_IDLE = Workload(
    name="pg-idle",
    title="1 idle worker",
    world="postgres",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(key="cpu_percent", what="processor time of the process", unit="%", target=1),
        Figure(key="queries_s", what="queries", unit="1/s", target=2),
        Figure(key="writes_s", what="transactions that write", unit="1/s"),
    ),
)
