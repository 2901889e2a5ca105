"""The table of `outlast list`, at several widths."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from outlast import RunStatus
from outlast.cli.render_runs import RunsTable
from outlast.records import RunInfo, Waiting

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "run_01m8382rm5s28pgwt1m9n59rv7"
SLEEP = Waiting(kind="wait", id="sleep#1", until=NOW + timedelta(days=3))
CHILD = Waiting(kind="child", id="child#1", on="run_8chnn825n01tszec6zjkmr9ecd")


def run(**fields: Any) -> RunInfo:
    known: dict[str, Any] = {
        "id": ID,
        "workflow": "fulfil",
        "status": RunStatus.SUSPENDED,
        "version": "v1",
        "queue": "default",
        "priority": 0,
        "attributes": {},
        "created_at": NOW - timedelta(minutes=2),
        "started_at": NOW - timedelta(minutes=1),
        "ended_at": None,
        "due_at": None,
        "worker": None,
        "parent": None,
        "events": 3,
        "waiting": (SLEEP,),
        "problem": None,
    }
    return RunInfo(**(known | fields))


def drawn(*runs: RunInfo, width: int = 80) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(RunsTable(runs, NOW))
    lines = capture.get().splitlines()
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_at_80_columns_nothing_essential_is_cut() -> None:
    lines = drawn(run(), run(status=RunStatus.COMPLETED, ended_at=NOW, waiting=()))
    assert ID in lines[1]
    assert "◦ suspended" in lines[1]
    assert lines[2] == "    sleep 3d 0h left"
    assert "✓ completed" in lines[3]
    assert lines[3].endswith("2m 0s")
    assert len(lines) == 4, "a run with nothing to remark has one line"


def test_the_time_is_that_of_the_creation() -> None:
    (titles, line) = drawn(run(status=RunStatus.PENDING, started_at=None, waiting=()))
    assert titles.split() == ["run", "status", "workflow", "created", "took"]
    assert line.endswith("2m ago")


def test_a_remark_that_fits_stands_beside_its_run() -> None:
    (_, line) = drawn(run(attributes={"tenant": "acme"}), width=120)
    assert line.endswith("sleep 3d 0h left  tenant=acme")


def test_a_remark_is_one_line() -> None:
    (_, line) = drawn(run(attributes={"note": "first\nsecond\r\nthird"}), width=120)
    assert line.endswith("note=first second third")


def test_one_that_does_not_fit_stands_below() -> None:
    lines = drawn(run(waiting=(CHILD, SLEEP, SLEEP)), run(), width=100)
    assert lines[2] == f"    child {CHILD.on}, sleep 3d 0h left and 1 more"
    assert lines[3].endswith("  sleep 3d 0h left")


def test_a_long_name_gives_way_and_an_id_does_not() -> None:
    (_, line, below) = drawn(run(workflow="a_workflow_with_quite_a_long_name"))
    assert line.startswith(f"{ID}  ◦ suspended  a_workflow_with")
    assert "…" in line
    assert below == "    sleep 3d 0h left"


@pytest.mark.parametrize("width", [20, 40, 60, 200])
def test_any_width_is_kept_to(width: int) -> None:
    long = run(id="x" * 200, attributes={"note": "y" * 300})
    lines = drawn(long, width=width)
    assert len(lines) <= 6
    assert width == 200 or any("…" in line for line in lines)


def test_what_it_waits_for_is_not_cut() -> None:
    lines = drawn(run(waiting=(CHILD, SLEEP, SLEEP), attributes={"tenant": "acme"}), width=60)
    assert lines[2:] == [
        f"    child {CHILD.on}, sleep 3d 0h left",
        "    and 1 more",
        "    tenant=acme",
    ]


def test_columns_that_have_no_room_are_left_out() -> None:
    (titles, line, _) = drawn(run(), width=60)
    assert titles.split() == ["run", "status", "workflow"]
    assert "…" not in line


def test_a_run_whose_worker_is_gone_is_marked() -> None:
    held = {"status": RunStatus.RUNNING, "worker": "worker_1", "waiting": ()}
    assert drawn(run(**held, due_at=NOW))[1].endswith("  worker gone")
    assert "gone" not in drawn(run(**held, due_at=NOW + timedelta(seconds=1)))[1]


def test_a_blocked_run_says_where() -> None:
    problem = "run 'x' does not fit its log at position 1\n    recorded: ..."
    lines = drawn(run(status=RunStatus.BLOCKED, waiting=(), problem=problem))
    assert lines[2] == "    run 'x' does not fit its log at position 1"
