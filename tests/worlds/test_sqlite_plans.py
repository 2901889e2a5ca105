"""The hot queries find what they look for by index, however many runs there are."""

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from outlast.testing.conformance import SettableClock
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.finding import add_functions
from outlast.worlds.sqlite.queries import QUERIES

PARAMETERS: dict[str, Any] = {
    "queues": '["default"]',
    "workflows": '["flow"]',
    "now": 5_000_000,
    "limit": 50,
    "run_id": "run-7",
    "after": 3,
    "worker": "worker",
    "lease": 1,
    "picked": "[1,2]",
    "until": 200,
    "run_ids": '["run-7"]',
    "keys": '[["run-7","work#1"]]',
    "wanted": '[["run-7",1]]',
    "workflow": "flow",
    "digests": '{"flow": "d"}',
    "ids": None,
    "statuses": None,
    "value": "failed",
    "attribute": '"acme"',
    "text": None,
    "before": 50,
    "start": 1,
    "edge": 2,
    "stop": 2,
    "status": "failed",
    "last": "",
    "token": "T",
    "parent": None,
    "attributes": None,
    "created_from": -(2**63),
    "created_to": 2**63 - 1,
    "after_at": 2**63 - 1,
    "after_id": "",
    "versions": None,
    "most": 50,
    "version": "1",
    "at": 1,
    "data": b"",
    "names": '["work"]',
    "live_runs": 1,
    "attempts": 1,
    "ended_before": 5_000_000,
}

SEARCHES = {
    "pick": {"runs_due (queue=? AND priority=? AND due_at<?)", "runs_due (queue=?)"},
    "next_due": {"runs_due (queue=? AND priority=?", "runs_due (queue=? AND priority<?)"},
    "read": {"events_place (run=? AND position>?)"},
    "tails": {"events_place (run=? AND position>?)"},
    "states": {"(id=?)"},
    "taken_keys": {"(idempotency_key=?)"},
    "take": {"INTEGER PRIMARY KEY (rowid=?)"},
    "taken": {"INTEGER PRIMARY KEY (rowid=?)", "events_place (run=? AND position<?)"},
    "pick_woken": {"(id=?)"},
    "hook": {"(token=?)", "(id=?)"},
    "nudged": {"runs_nudged (worker=?)"},
    "renew_runs": {"runs_held (worker=?)"},
    "renew_steps": {"steps_held (worker=?)"},
    "pick_steps": {"steps_due (queue=? AND priority=? AND due_at<?)", "steps_due (queue=?)"},
    "next_step_due": {"steps_due (queue=? AND priority=?", "steps_due (queue=? AND priority<?)"},
    "take_steps": {"INTEGER PRIMARY KEY (rowid=?)"},
    "taken_steps": {"INTEGER PRIMARY KEY (rowid=?)", "(id=?)"},
    "held_steps": {"steps_held (worker=?)"},
    "step_states": {"(run_id=? AND ref=?)"},
    "hand_back_steps": {"steps_held (worker=?)"},
    "orphan_steps": {"steps_held (worker=?)"},
    "over": {"runs_ended (ended_at<?)"},
    "prune_events": {"events_place (run=?)"},
    "prune_attributes": {"(run_id=?)", "INTEGER PRIMARY KEY (rowid=?)"},
    "prune_steps": {"(run_id=?)", "INTEGER PRIMARY KEY (rowid=?)"},
    "prune_runs": {"INTEGER PRIMARY KEY (rowid=?)"},
    "hand_back": {"runs_held (worker=?)"},
    "orphan": {"runs_held (worker=?)"},
    "unblock": {"runs_by_status (status=?)"},
    "get": {"(id=?)"},
    "ended": {"(id=?)"},
    "find_of_all_newest": {"runs_listed (created_at>? AND (created_at,id)<(?,?))"},
    "find_of_all_oldest": {"runs_listed ((created_at,id)>(?,?) AND created_at<?)"},
    "find_of_ids_newest": {"(id=?)"},
    "find_of_parent_newest": {
        "runs_by_parent (parent_id=? AND created_at>? AND (created_at,id)<(?,?))"
    },
    "find_of_status_newest": {
        "runs_by_status (status=? AND created_at>? AND (created_at,id)<(?,?))"
    },
    "find_of_status_ended_last": {
        "runs_ended_by_status (status=? AND ended_at>? AND (ended_at,id)<(?,?))"
    },
    "find_of_status_ended_first": {
        "runs_ended_by_status (status=? AND (ended_at,id)>(?,?) AND ended_at<?)"
    },
    "find_of_workflow_newest": {
        "runs_by_workflow (workflow=? AND created_at>? AND (created_at,id)<(?,?))"
    },
    "find_of_version_newest": {
        "runs_by_version (version=? AND created_at>? AND (created_at,id)<(?,?))"
    },
    "find_of_attribute_newest": {"run_attributes_found (name=? AND value=?)", "(id=?)"},
    "edge_of_all_newest": {"COVERING INDEX runs_listed (created_at>? AND (created_at,id)<(?,?))"},
    "edge_of_status_newest": {"COVERING INDEX runs_by_status (status=? AND"},
    "edge_of_status_ended_last": {"COVERING INDEX runs_ended_by_status (status=? AND"},
    "edge_of_workflow_newest": {"COVERING INDEX runs_by_workflow (workflow=? AND"},
    "edge_of_version_oldest": {"COVERING INDEX runs_by_version (version=? AND"},
    "many_have": {"COVERING INDEX run_attributes_found (name=? AND value=?)"},
    "hooks_newest": {"hooks_listed ((created_at,token)<(?,?))"},
    "hooks_oldest": {"hooks_listed ((created_at,token)>(?,?))"},
    "hooks_of_run_newest": {"hooks_of_run (run_id=?)"},
    "hooks_of_run_oldest": {"hooks_of_run (run_id=?)"},
    "counts": {"COVERING INDEX runs_by_status (status=?)"},
    **{
        f"{part}_created": {"COVERING INDEX runs_listed (created_at>? AND created_at<?)"}
        for part in ("early", "before", "late")
    },
    **{
        f"{part}_ended": {
            "COVERING INDEX runs_ended_by_status (status=? AND ended_at>? AND ended_at<?)"
        }
        for part in ("early", "before", "late")
    },
}
"""Query -> how it must look for what it wants."""

OF_FEW = ("find_of_ids_newest", "find_of_attribute_newest")
"""Those that sort what they find."""

IN_ORDER = (
    *[
        query
        for query in SEARCHES
        if query.startswith(("find_of", "edge_of")) and query not in OF_FEW
    ],
    "early_created",
    "late_created",
    "late_ended",
    "hooks_newest",
    "hooks_oldest",
    "read",
    "over",
)
"""Queries that need not sort: the index has their order."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "world.db"

    async def make() -> None:
        async with SqliteWorld(path, SettableClock()).opened():
            pass

    asyncio.run(make())
    connection = sqlite3.connect(path)
    add_functions(connection)
    yield connection
    connection.close()


def steps(connection: sqlite3.Connection, query: str) -> list[str]:
    """The lines of the query's plan."""
    rows = connection.execute(f"EXPLAIN QUERY PLAN {QUERIES[query]}", PARAMETERS).fetchall()
    return [str(row[-1]) for row in rows]


@pytest.mark.parametrize("query", SEARCHES)
def test_looks_up_and_never_scans(connection: sqlite3.Connection, query: str) -> None:
    plan = steps(connection, query)

    for search in SEARCHES[query]:
        assert any(search in step for step in plan), plan
    tables = ("runs", "events", "steps", "due", "run_attributes", "found", "has")
    assert [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables] == []


@pytest.mark.parametrize("query", IN_ORDER)
def test_does_not_sort(connection: sqlite3.Connection, query: str) -> None:
    assert [step for step in steps(connection, query) if "TEMP B-TREE" in step] == []


def test_a_claim_looks_at_no_more_rows_than_it_takes(connection: sqlite3.Connection) -> None:
    """Among 20,000 sleeping, 20,000 ended and 2,000 due runs, a claim of 50 takes about as many
    steps of the virtual machine as among none but the due ones."""
    fill(connection, due=2_000)
    few = work(connection, "pick")
    fill(connection, sleeping=20_000, ended=20_000)
    many = work(connection, "pick")

    assert many < few * 1.5
    assert work(connection, "next_due") < few
    assert work(connection, "nudged") < few


def test_a_claim_of_steps_looks_at_no_more_rows_than_it_takes(
    connection: sqlite3.Connection,
) -> None:
    """The same of the queue of steps: neither steps that are not due nor those of other names and
    queues, nor runs without steps, cost a claim much."""
    fill_steps(connection, 0, 500, name="work", due_at=1_000_000)
    few = work(connection, "pick_steps")
    fill_steps(connection, 500, 10_000, name="work", due_at=9_000_000)
    fill_steps(connection, 10_500, 10_000, name="work", due_at=1_000_000, queue="gpu")
    many = work(connection, "pick_steps")

    assert many < few * 1.5
    assert work(connection, "next_step_due") < few
    assert work(connection, "held_steps") < few


def test_a_page_of_a_rare_workflow_looks_at_no_others(connection: sqlite3.Connection) -> None:
    wish = {**PARAMETERS, "value": "rare", "workflows": '["rare"]'}
    few = work(connection, "find_of_workflow_newest", wish)
    fill(connection, ended=20_000)

    assert work(connection, "find_of_workflow_newest", wish) < few + 2


def fill_steps(
    connection: sqlite3.Connection,
    first: int,
    count: int,
    *,
    name: str,
    due_at: int,
    queue: str = "default",
) -> None:
    connection.executemany(
        "INSERT INTO steps (run_id, ref, name, queue, priority, attempt, due_at, data)"
        " VALUES (?, 'work#1', ?, ?, ?, 1, ?, '{}')",
        [(f"run-{first + n}", name, queue, n % 3, due_at + n) for n in range(count)],
    )


def fill(
    connection: sqlite3.Connection, *, due: int = 0, sleeping: int = 0, ended: int = 0
) -> None:
    rows = [
        *[("suspended", number % 3, 1_000_000 + number) for number in range(due)],
        *[("suspended", number % 3, 9_000_000 + number) for number in range(sleeping)],
        *[("completed", 0, None) for _ in range(ended)],
    ]
    (first,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    connection.executemany(
        "INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, due_at, epoch,"
        " position, last_at, recoveries, created_at)"
        " VALUES (?, 'flow', ?, '1', 'default', ?, '{}', ?, 1, 1, 0, 0, 0)",
        [(f"run-{first + number}", *row) for number, row in enumerate(rows)],
    )


def work(
    connection: sqlite3.Connection, query: str, parameters: dict[str, Any] = PARAMETERS
) -> int:
    """How many hundreds of steps SQLite's virtual machine takes for the query."""
    taken = [0]

    def count() -> int:
        taken[0] += 1
        return 0

    connection.set_progress_handler(count, 100)
    try:
        connection.execute(QUERIES[query], parameters).fetchall()
    finally:
        connection.set_progress_handler(None, 100)
    return taken[0]
