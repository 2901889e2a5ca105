"""Four workers against one: sharing the load must not cost more than it gives, and nothing is done twice.

Server, workers and this process share the cores of the machine: with two of them, one worker and the
server have a core each, and four workers cannot be faster, only dearer.
"""

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec

from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.flows import noted_one_by_one
from benchmarks.model import Figure, Limit, Measured, Place, Workload, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App, start

STEPS = 5
STARTED_AT_ONCE = 1_000
PATIENCE = 120.0


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """How so many workers fared."""

    seconds: float
    """From the moment when all runs become due until the last has ended, as the rows tell."""
    commits: int
    claims: int
    """How often a run was claimed."""
    least: float
    """The share of the steps that the worker made which made fewest."""


async def _measure(place: Place) -> Measured:
    runs = place.pick(4_000, 200)
    alone = await _serve(place, 1, runs)
    together = await _serve(place, 4, runs)
    return {
        "steps_s": runs * STEPS / together.seconds,
        "alone_s": runs * STEPS / alone.seconds,
        "by_alone": together.seconds / alone.seconds,
        "commits_a_step": together.commits / (runs * STEPS),
        "alone_commits_a_step": alone.commits / (runs * STEPS),
        "claims_a_run": together.claims / runs,
        "least": together.least,
    }


async def _serve(place: Place, processes: int, runs: int) -> Round:
    """Let so many workers serve so many runs that become due at one moment."""
    database = PostgresDatabase(place.url)
    with ExitStack() as stack:
        workers = [stack.enter_context(ServingProcess(place)) for _ in range(processes)]
        async with App(place.url, worker=False):
            due = datetime.now(UTC) + timedelta(seconds=place.pick(8, 2))
            await _start(runs, due)
            if datetime.now(UTC) > due:
                raise WrongResultError("the first were due before the last was started")
            commits, claims = await database.commits(), await _claims(database)
            seconds = await _until_over(database, runs, due)
            commits, claims = await database.commits() - commits, await _claims(database) - claims
        served = [worker.served() for worker in workers]
    done = Counter(step for steps in served for step in steps)
    if len(done) != runs * STEPS or max(done.values()) > 1:
        raise WrongResultError("steps not done, or done twice", len(done), max(done.values()))
    least = min(len(steps) for steps in served) / len(done)
    return Round(seconds=seconds, commits=commits, claims=claims, least=least)


async def _start(runs: int, due: datetime) -> None:
    calls = (noted_one_by_one(STEPS) for _ in range(runs))
    while some := list(islice(calls, STARTED_AT_ONCE)):
        await asyncio.gather(*[start(call, delay=due) for call in some])


async def _claims(database: PostgresDatabase) -> int:
    return await database.number("SELECT coalesce(sum(epoch), 0) FROM runs")


async def _until_over(database: PostgresDatabase, runs: int, due: datetime) -> float:
    """Wait until all runs have ended; seconds from the moment when they were due until the last end.

    It looks seldom: each look is work for the server.
    """
    last = time.monotonic() + PATIENCE
    since = int(due.timestamp() * 1e6)
    over = "SELECT count(*) FROM runs WHERE status = 'completed' AND ended_at >= $1"
    while await database.number(over, since) < runs:
        if time.monotonic() > last:
            raise WrongResultError("so many are over", await database.number(over, since))
        await asyncio.sleep(0.25)
    return (await database.number("SELECT max(ended_at) FROM runs") - since) / 1e6


PG_WORKERS4 = Workload(
    name="pg-workers4",
    title="4,000 runs x 5 steps, due at one moment, 4 workers",
    world="postgres",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(
            key="steps_s",
            what="steps",
            unit="1/s",
            better="more",
            target=1,
            per_limit=True,
            limit=Limit("the same by one worker", lambda measured: measured["alone_s"]),
        ),
        Figure(key="commits_a_step", what="transactions that write, a step", unit=""),
        Figure(key="alone_commits_a_step", what="the same by one worker", unit=""),
        Figure(
            key="claims_a_run", what="claims a run: 1 if no run was served twice", unit="", target=1
        ),
        Figure(
            key="least", what="share of the worker that made fewest steps", unit="", better="more"
        ),
    ),
    bound=300,
)
