"""Claiming a due run while the table is full of runs that are over: they must cost nothing.

The terminal runs are copies of one that was served, with the first event of their logs, made by the server.
"""

import asyncio
import statistics
from time import perf_counter
from typing import Any

import msgspec

from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.flows import one_by_one
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from outlast import App, start
from outlast._model.workers import WorkerRecord
from outlast.world import Claim, ClaimRequest
from outlast.worlds.postgres.queries import queries

WORKER = "wrk_claims"
LEASE = 600_000_000
QUEUES = ("default",)

COPY_RUNS = """
INSERT INTO runs ({columns}) OVERRIDING SYSTEM VALUE
SELECT {values} FROM runs AS one CROSS JOIN generate_series($2::bigint, $3::bigint) AS n
WHERE one.id = $1
"""
COPY_EVENTS = """
INSERT INTO events (run, position, at, kind, data)
SELECT copy.number, event.position, event.at, event.kind, event.data
FROM runs AS copy CROSS JOIN (
    SELECT event.* FROM events AS event JOIN runs AS one ON one.number = event.run
    WHERE one.id = $1 AND event.position = 0) AS event
WHERE NOT EXISTS (SELECT FROM events AS has WHERE has.run = copy.number)
"""
CHANGED = {
    "id": "one.id || '-' || n",
    "idempotency_key": "NULL",
    "created_at": "one.created_at - n",
    "ended_at": "one.ended_at - n",
}
"""What is not as in the run that is copied."""


class Claims(msgspec.Struct, frozen=True):
    """What claims cost."""

    seconds: float
    """The median of one that takes one run."""
    empty_seconds: float
    """The median of one that finds nothing."""
    next_seconds: float
    """The median of asking when something is due."""
    pages: int
    """How many pages a claim touched."""


async def _measure(place: Place) -> Measured:
    few, many = place.pick(10_000, 1_000), place.pick(1_000_000, 20_000)
    database, times = PostgresDatabase(place.url), place.pick(200, 40)
    async with App(place.url):
        model = await start(one_by_one(1))
        await model.result()
    await _fill(database, model.id, 1, few)
    first = await _claims(place, database, times)
    await _fill(database, model.id, few + 1, many)
    second = await _claims(place, database, times)
    return {
        "few_ms": first.seconds * 1e3,
        "many_ms": second.seconds * 1e3,
        "empty_ms": second.empty_seconds * 1e3,
        "next_ms": second.next_seconds * 1e3,
        "ratio": second.seconds / first.seconds,
        "empty_ratio": second.empty_seconds / first.empty_seconds,
        "next_ratio": second.next_seconds / first.next_seconds,
        "few_pages": first.pages,
        "many_pages": second.pages,
    }


async def _fill(database: PostgresDatabase, run_id: str, first: int, last: int) -> None:
    async with database.connected() as connection:
        names = [
            str(row[0])
            for row in await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'runs'::regclass "
                "AND attnum > 0 AND NOT attisdropped AND attidentity = ''"
            )
        ]
        values = [CHANGED.get(name, f"one.{name}") for name in names]
        copy = COPY_RUNS.format(columns=", ".join(names), values=", ".join(values))
        await connection.execute(copy, run_id, first, last, timeout=240)
        await connection.execute(COPY_EVENTS, run_id, timeout=240)
        await connection.execute("VACUUM (ANALYZE) runs, events", timeout=120)
        await connection.execute("CHECKPOINT", timeout=120)


async def _claims(place: Place, database: PostgresDatabase, times: int) -> Claims:
    """Claim runs one by one, and look at how the server does it."""
    request = ClaimRequest(
        claim=Claim(WORKER, LEASE), workflows=frozenset({one_by_one.name}), queues=QUEUES, limit=1
    )
    full: list[float] = []
    empty: list[float] = []
    waiting: list[float] = []
    async with App(place.url, worker=False) as app:
        claims = app.runtime.world.claims
        await claims.register(_worker(app.runtime.clock.now()))
        for _ in range(times):
            run = await start(one_by_one(1))
            began = perf_counter()
            claimed = await claims.claim(request)
            taken = perf_counter()
            nothing = await claims.claim(request)
            looked = perf_counter()
            await claims.next_due(request.workflows, QUEUES)
            waiting.append(perf_counter() - looked)
            full.append(taken - began)
            empty.append(looked - taken)
            if [one.run.id for one in claimed] != [run.id] or nothing:
                raise WrongResultError([one.run.id for one in claimed], len(nothing))
        await start(one_by_one(1))
        pages = await _explain(database, app.runtime.clock.now())
        await claims.claim(request)
    return Claims(
        statistics.median(full), statistics.median(empty), statistics.median(waiting), pages
    )


def _worker(now: int) -> WorkerRecord:
    return WorkerRecord(
        id=WORKER, host="", pid=0, version="", queues=QUEUES, started_at=now, heartbeat_at=now
    )


async def _explain(database: PostgresDatabase, now: int) -> int:
    """How many pages a claim touches. Raises if it goes over the whole table."""
    query = queries(database.schema)["claim"]
    arguments = (WORKER, [one_by_one.name], list(QUEUES), now, 1, LEASE, 100)
    async with database.connected() as connection:
        transaction = connection.transaction()
        await transaction.start()
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *arguments
        )
        await transaction.rollback()
    plan = msgspec.json.decode(explained, type=list[dict[str, Any]])[0]["Plan"]
    nodes = list(_nodes(plan))
    scanned = {(node["Node Type"], node.get("Relation Name")) for node in nodes}
    indexes = {node.get("Index Name") for node in nodes}
    if ("Seq Scan", "runs") in scanned or "runs_due" not in indexes:
        raise WrongResultError(scanned, indexes)
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """A plan and all that it consists of."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in _nodes(part))]


PG_CLAIMS = Workload(
    name="pg-claims",
    title="claiming 1 due run beside 1,000,000 that are over",
    world="postgres",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(key="many_ms", what="a claim of one run", unit="ms"),
        Figure(
            key="ratio", what="the same by that beside 10,000 that are over", unit="x", target=2
        ),
        Figure(key="many_pages", what="pages that it touches", unit=""),
        Figure(key="few_pages", what="the same beside 10,000", unit=""),
        Figure(key="empty_ms", what="a claim that finds nothing", unit="ms"),
        Figure(key="empty_ratio", what="the same by that beside 10,000", unit="x", target=2),
        Figure(key="next_ms", what="asking when the next is due", unit="ms"),
        Figure(key="next_ratio", what="the same by that beside 10,000", unit="x", target=2),
    ),
    bound=600,
)
