"""The hot queries find what they look for by index, however many runs there are.

Counted by the server: how many rows it has read one after the other, and how many it has fetched by an index.
Counted at the first execution, which has a plan for the values at hand, and later, when the server may have gone over
to a general one.
"""

import asyncio
from typing import Any, NamedTuple

import asyncpg
import pytest

from outlast._model.runs import RunStatus
from outlast.testing.conformance.scene import Scene, advance, append, draft, fact
from outlast.world import (
    Again,
    Append,
    Batch,
    Dispatch,
    Done,
    End,
    Progress,
    RunFilter,
    RunOrder,
    RunPage,
    Settle,
    StepKey,
    Suspend,
)
from outlast.worlds.finding import find_page
from outlast.worlds.planning import Known, RunState, StepState, plan, wanted
from outlast.worlds.postgres import PostgresWorld
from outlast.worlds.postgres.encoding import wishes
from outlast.worlds.postgres.finding import Finding
from outlast.worlds.postgres.listing import PostgresListing
from outlast.worlds.postgres.log import PART
from outlast.worlds.postgres.queries import queries
from outlast.worlds.postgres.writing import plan_parameters
from tests.postgres import Postgres
from tests.worlds.postgres_scenes import in_scene, make, schema_of

FEW, MANY = 2_000, 20_000
NOW = 5_000_000

BATCH = tuple(f"run-{number}" for number in range(50))


class Asked(NamedTuple):
    query: str
    parameters: tuple[Any, ...]
    fetched: int
    """How many rows it may fetch."""


def all_times(value: str | None, number: int = 50) -> tuple[Any, ...]:
    """The parameters of an `edge`: of a value, from the newest on."""
    return (value, -(2**63), 2**63 - 1, 2**63 - 1, "", number)


def everything(value: str | None = None, *, first: bool = False, **wish: Any) -> tuple[Any, ...]:
    """The parameters of a `find` of 50 runs; `first`: in a rising order."""
    fields = ("ids", "statuses", "workflows", "versions", "parent", "names", "values")
    ids, *others = [wish.get(field) for field in fields]
    place, until = all_times(value), -(2**63)
    if first:
        place, until = (*place[:3], -(2**63), "", 50), 2**63 - 1
    return (*place, ids, until, *others)


ASKED = (
    Asked("claim", ("me", ["flow"], ["default"], NOW, 50, 1, 200), 50 * 6),
    Asked("claim", ("me", ["flow"], ["default", "other"], 0, 50, 1, 200), 30),
    Asked("claim", ("me", ["unknown"], ["default"], NOW, 50, 1, 200), 30),
    Asked("next_due", (["flow"], ["default", "other"]), 30),
    Asked("claim_steps", ("me", ["work"], ["gpu"], NOW, 50, 1), 50 * 6),
    Asked("next_step_due", (["work"], ["gpu"]), 30),
    Asked("held_steps", ("nobody",), 0),
    Asked("nudged", ("nobody",), 0),
    Asked("renew", ("me", NOW, BATCH, [], [], 1, 1, 1), 50 * 3),
    Asked("unregister", ("nobody", NOW), 2),
    Asked("unblock", (["flow"], ["digest"], NOW), 0),
    Asked("advance_one", ("run-7", 1, 1, NOW, True, "fact", b"{}"), 4),
    Asked("read", ("run-7", 0, None, PART), 4),
    Asked("get", ("run-7",), 1),
    Asked("ended", (BATCH,), 50),
    Asked("find_of_all_newest", everything(), 50),
    Asked("find_of_all_oldest", everything(first=True), 50),
    Asked("find_of_ids_newest", everything(ids=["run-7", "run-8"]), 2),
    Asked("find_of_parent_newest", everything("run-7"), 50),
    Asked("find_of_status_newest", everything("running"), 50),
    Asked("find_of_status_oldest", everything("completed", first=True), 50),
    Asked("find_of_status_ended_last", everything("completed"), 70),
    Asked("find_of_status_ended_first", everything("completed", first=True), 70),
    Asked("find_of_workflow_newest", everything("flow"), 50),
    Asked("find_of_workflow_newest", everything("over-7"), 50),
    Asked("find_of_workflow_oldest", everything("flow", first=True), 50),
    Asked("find_of_version_newest", everything("1"), 50),
    Asked("find_of_version_oldest", everything("0", first=True), 0),
    Asked("find_of_attribute_newest", everything('"tenant"="acme"'), 20),
    Asked("glance_of_status_newest", everything("completed"), 50),
    Asked("edge_of_all_newest", all_times(None, 500), 501),
    Asked("edge_of_status_newest", all_times("completed", 500), 501),
    Asked("edge_of_status_ended_last", all_times("completed", 500), 501),
    Asked("edge_of_workflow_newest", all_times("flow", 500), 501),
    Asked("edge_of_version_newest", all_times("1", 500), 501),
    Asked("many_have", ('"tenant"="acme"', 500), 10),
    Asked("hooks_newest", (2**63 - 1, "", 50), 50),
    Asked("hooks_oldest", (-(2**63), "", 50), 50),
    Asked("hooks_of_run_newest", (2**63 - 1, "", 50, "run-7"), 3),
    Asked("hooks_of_run_oldest", (-(2**63), "", 50, "run-7"), 3),
    Asked("counts", (["completed", "suspended", "failed"], 100), 200),
    Asked("series_created", ([0, 5_000], [5_000, 10_000], 100), 400),
    Asked("series_ended", ([0, 5_000], [5_000, 10_000], 100, "completed"), 400),
    Asked("prune", (NOW, None, None, 50), 50 * 8),
    Asked("known", (BATCH, [0] * 50, ["key-7"], ["run-7"], ["step"]), 50 * 4),
)


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> tuple[str, str]:
    """The URL of a server and the name of a schema with many runs that sleep or are over, and fewer that
    are due."""
    url = postgres.url()
    make(url)
    asyncio.run(fill(postgres.server, schema_of(url)))
    return postgres.server, f'"{schema_of(url)}"'


async def fill(server: str, schema: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f"""
        INSERT INTO {schema}.runs (id, workflow, status, version, queue, priority, attributes, due_at, epoch,
            worker, nudged, position, last_at, recoveries, created_at, ended_at, idempotency_key, waiting)
        SELECT 'run-' || n, 'flow', CASE WHEN n < {FEW} THEN 'running' ELSE 'suspended' END, '1', 'default',
            n % 3, '{{}}', CASE WHEN n < {FEW} THEN 1000000 + n ELSE 9000000 + n END, 1,
            CASE WHEN n < {FEW} THEN 'w' || n % 50 END, false, 1, 0, 0, n, NULL, 'key-' || n, '[]'
        FROM generate_series(0, {FEW + MANY}) AS n;
        INSERT INTO {schema}.runs (id, workflow, status, version, queue, priority, attributes, epoch,
            nudged, position, last_at, recoveries, created_at, ended_at, waiting)
        SELECT 'over-' || n, 'over-' || n % 20, 'completed', '1', 'default', 0, '{{}}', 1, false, 1, 0, 0, n, n, '[]'
        FROM generate_series(0, {MANY}) AS n;
        INSERT INTO {schema}.events (run, position, at, kind, data)
        SELECT number, 0, 0, 'run_created', '{{}}' FROM {schema}.runs;
        INSERT INTO {schema}.run_attributes (run, name, value)
        SELECT number, '"everywhere"', 'true' FROM {schema}.runs;
        INSERT INTO {schema}.run_attributes (run, name, value)
        SELECT number, '"tenant"', '"' || CASE WHEN number < 10 THEN 'acme' ELSE number::text END || '"'
        FROM {schema}.runs;
        INSERT INTO {schema}.hooks (token, run_id, ref, kind, created_at, data)
        SELECT id, id, 'hook', 'hook', number, '{{}}' FROM {schema}.runs;
        INSERT INTO {schema}.steps (run, ref, name, queue, priority, attempt, due_at, epoch, worker, recoveries, data)
        SELECT number, 'step', 'work', 'gpu', number % 3, 1, due_at, 1, 'w', 0, '{{}}'
        FROM {schema}.runs WHERE due_at IS NOT NULL;
    """)  # noqa: S608 - names of our own
    await connection.execute("VACUUM ANALYZE")  # as the server does by itself, some time
    await connection.close()


COUNTED = """
    SELECT sum(seq_tup_read)::int AS read, sum(coalesce(idx_tup_fetch, 0))::int AS fetched
    FROM pg_stat_xact_user_tables WHERE schemaname = $1 AND relname <> 'workers'
"""

PLANNING = 8
"""So many rows may be looked at in addition, for planning: the first and last ones of indexes."""


async def work(
    filled: tuple[str, str], query: str, parameters: tuple[Any, ...], executions: int = 1
) -> tuple[int, int]:
    """How many rows the query reads one after the other, and how many by an index, at its last
    execution. Nothing is kept of what it does."""
    server, schema = filled
    connection = await asyncpg.connect(server, server_settings={"jit": "off"})
    name = schema.strip('"')
    for _ in range(executions):
        transaction = connection.transaction()
        await transaction.start()
        if query.startswith(("find", "glance", "edge")):
            await connection.fetch(queries(schema)["plan_anew"])
        (before,) = await connection.fetch(COUNTED, name)
        await connection.fetch(queries(schema)[query], *parameters)
        (after,) = await connection.fetch(COUNTED, name)
        await transaction.rollback()
    await connection.close()
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.parametrize("executions", [1, 10])
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.query)
def test_fetches_what_it_wants_and_scans_nothing(
    filled: tuple[str, str], asked: Asked, executions: int
) -> None:
    read, fetched = asyncio.run(work(filled, asked.query, asked.parameters, executions))

    assert read == 0
    assert fetched <= asked.fetched + PLANNING


def held_by_another(run_id: str) -> RunState:
    return RunState(RunStatus.RUNNING, 1, 1, 0, {})


THENS: tuple[Progress, ...] = (Done(), Again(attempt=2, delay=1))

BATCHES = {
    "growing": Batch(advances=tuple(advance(run_id, "fact") for run_id in BATCH)),
    "ending": Batch(
        advances=tuple(
            advance(run_id, "over", then=End(status=RunStatus.COMPLETED)) for run_id in BATCH
        )
    ),
    "suspending": Batch(
        advances=tuple(
            advance(run_id, then=Suspend(due_at=9, waiting=()), attributes={"tenant": "x"})
            for run_id in BATCH
        )
    ),
    "appending": Batch(appends=tuple(append(run_id, "fact") for run_id in BATCH)),
    "creating": Batch(creates=tuple(draft(f"new-{n}", idempotency_key=f"n{n}") for n in range(50))),
    "dispatching": Batch(
        advances=tuple(
            advance(
                run_id,
                dispatches=(
                    Dispatch(ref="s", name="work", queue="gpu", priority=0, attempt=1, data=b"{}"),
                ),
            )
            for run_id in BATCH
        )
    ),
    "settling": Batch(
        settles=tuple(
            Settle(run_id=run_id, ref="step", epoch=1, events=(fact("x"),), then=THENS[number % 2])
            for number, run_id in enumerate(BATCH)
        )
    ),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_commit_fetches_the_rows_of_its_batch(filled: tuple[str, str], name: str) -> None:
    """Whether the plan fits or not: 50 runs, and what belongs to them."""
    batch = BATCHES[name]
    known = Known(
        {run_id: held_by_another(run_id) for run_id in BATCH},
        {},
        {},
        {StepKey(run_id, "step"): StepState(1, True) for run_id in BATCH},
    )
    if name == "creating":
        known = Known({}, {}, {})
    parameters = (
        *plan_parameters(plan(batch, known, NOW), batch),
        *wishes(wanted(batch)),
    )
    read, fetched = asyncio.run(work(filled, "write_plan", parameters))

    assert read == 0
    assert fetched <= 50 * 6


def test_a_claim_takes_no_longer_among_many_that_are_over(filled: tuple[str, str]) -> None:
    """Ended runs are not in the index of claims at all, and sleeping ones are behind those that are due."""
    server, schema = filled
    one = asyncio.run(work(filled, "claim", ASKED[0].parameters))
    asyncio.run(more_that_are_over(server, schema))
    other = asyncio.run(work(filled, "claim", ASKED[0].parameters))

    assert abs(one[1] - other[1]) <= PLANNING


async def more_that_are_over(server: str, schema: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(
        f"""
        INSERT INTO {schema}.runs (id, workflow, status, version, queue, priority, attributes, epoch,
            nudged, position, last_at, recoveries, created_at, ended_at, waiting)
        SELECT 'more-' || n, 'flow', 'completed', '1', 'default', 0, '{{}}', 1, false, 1, 0, 0, n, n, '[]'
        FROM generate_series(0, {MANY}) AS n;
        """  # noqa: S608 - names of our own
    )
    await connection.close()


def test_lists_are_planned_for_the_values_at_hand(postgres: Postgres) -> None:
    """However often one is asked for: a plan for all values sorts all runs of a workflow for one page."""
    url = postgres.url()
    statement = queries(f'"{schema_of(url)}"')["find_of_workflow_newest"]
    general = "SELECT sum(generic_plans)::int FROM pg_prepared_statements WHERE statement = $1"

    async def ask(_scene: Scene, world: PostgresWorld) -> None:
        listing = world.listing
        assert isinstance(listing, PostgresListing)
        for _ in range(10):
            await listing.find(RunFilter(workflows=("flow",)), limit=9)
        asked = await listing._connections.call(
            lambda connection: connection.fetchval(general, statement)
        )
        assert asked == 0

    in_scene(url, ask)


RARE = {
    "nobody's workflow": RunFilter(workflows=("flow",), statuses=(RunStatus.COMPLETED,)),
    "a common attribute, and a rare one": RunFilter(
        attributes={"everywhere": True, "tenant": "acme"}, order=RunOrder.OLDEST
    ),
    "a text": RunFilter(text="nothing has this", statuses=(RunStatus.COMPLETED,)),
    "an end that no window has": RunFilter(
        created_from=MANY - 5, workflows=("over-7",), order=RunOrder.ENDED_FIRST
    ),
    "an attribute of all, and another status": RunFilter(
        attributes={"everywhere": True}, statuses=(RunStatus.COMPLETED,), workflows=("flow",)
    ),
}


@pytest.mark.parametrize("name", RARE)
def test_a_page_looks_at_a_bounded_number_of_runs(filled: tuple[str, str], name: str) -> None:
    """Whatever is asked for together, also if nothing has it: 1,000 for a page here, of 42,000; and with their
    attributes, and once more for the place that the next page goes on from."""
    read, fetched, page = asyncio.run(look_for(filled, RARE[name]))

    assert read == 0
    assert fetched <= 6 * 1_000
    assert len(page.runs) <= 50


async def look_for(filled: tuple[str, str], wish: RunFilter) -> tuple[int, int, RunPage]:
    server, schema = filled
    connection = await asyncpg.connect(server, server_settings={"jit": "off"})
    async with connection.transaction():
        await connection.fetch(queries(schema)["plan_anew"])
        (before,) = await connection.fetch(COUNTED, schema.strip('"'))
        asked = Finding(connection, queries(schema))
        page = await find_page(asked, wish, limit=50, cursor=None, span=1_000)
        (after,) = await connection.fetch(COUNTED, schema.strip('"'))
    await connection.close()
    return after[0] - before[0], after[1] - before[1], page


def test_a_claim_brings_little_of_large_logs(postgres: Postgres) -> None:
    """The rest is read: what comes with many runs must not take long, nor be larger than a value can be."""

    async def body(scene: Scene, world: PostgresWorld) -> None:
        large = fact("large", "0" * 200_000)
        await scene.commit(draft("a"), Append(run_id="a", events=(large, large)))
        await scene.commit(draft("b"), append("b", "small"))
        brought = {one.run.id: len(one.events) for one in await scene.claim()}
        assert brought == {"a": 2, "b": 2}
        assert len(await world.log.read("a", after=2)) == 1

    in_scene(postgres.url(), body)
