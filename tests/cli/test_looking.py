"""`list`, `show`, `events` and `workers`: looking at runs."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outlast import App
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


def test_show_tells_the_whole_story(cli: Cli, run_id: str) -> None:
    answer = cli("show", run_id)
    assert answer.code == 0
    for said in ("✓ completed  cli_fulfil", run_id, "cli_reserve", "2 attempts", "cli_notify"):
        assert said in answer.out
    assert "attempt 1" in answer.out
    assert "ConnectionError: no answer" in answer.out
    assert '"total": 19.0' in answer.out


@pytest.fixture
def no_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A time zone that there cannot be, as a slip of the hand makes it."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC+25")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("no_zone")
def test_times_are_of_utc_where_the_time_zone_cannot_be(cli: Cli, run_id: str) -> None:
    created = datetime.fromisoformat(cli("show", run_id, "--json").document["run"]["created_at"])
    assert f"created {created.astimezone(UTC):%Y-%m-%d %H:%M:%S}" in cli("show", run_id).out
    assert run_id in cli("list", "--since", f"{created - timedelta(days=1):%Y-%m-%d}").out


def test_show_without_an_id_shows_the_newest_run(cli: Cli, flows: Path, run_id: str) -> None:
    newest = cli("start", f"{flows}:nap", "--json").document["run"]["id"]
    assert cli("show", "--json").document["run"]["id"] == newest != run_id


def test_show_as_json_has_steps_with_attempts(cli: Cli, run_id: str) -> None:
    document = cli("show", run_id, "--json").document
    charge = next(step for step in document["steps"] if step["name"] == "cli_charge")
    assert [attempt["number"] for attempt in charge["attempts"]] == [1, 2]
    assert charge["attempts"][0]["error"] == "ConnectionError: no answer"
    assert document["ending"]["state"] == "completed"


def test_events_are_lines(cli: Cli, run_id: str) -> None:
    text = cli("events", run_id)
    lines = cli("events", run_id, "--json").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["position"] for event in events] == [*range(len(events))]
    assert events[0]["kind"] == "run_created"
    assert events[-1]["kind"] == "run_completed"
    assert len(text.out.splitlines()) == len(events)
    assert cli("events", run_id, "--start", "3", "--json").out.splitlines() == lines[3:]


def test_following_a_run_that_is_over_prints_its_events(cli: Cli, run_id: str) -> None:
    followed = cli("events", run_id, "--follow", "--json").out
    assert followed == cli("events", run_id, "--json").out
    assert "step_retried  cli_charge#1" in cli("events", run_id, "--follow").out


def test_runs_are_found_by_what_they_are(cli: Cli, flows: Path, run_id: str) -> None:
    nap = cli("start", f"{flows}:nap", "--attribute", "n=1").out.strip()

    def found(*filters: str) -> set[str]:
        runs = cli("list", "--json", *filters).document["runs"]
        return {run["id"] for run in runs}

    assert found("--workflow", "cli_nap") == {nap}
    assert found("--status", "pending") == {nap}
    assert found("--status", "pending", "--status", "completed") >= {nap, run_id}
    assert found("--attribute", "n=1") == {nap}
    assert found("--attribute", 'n="1"') == set()
    assert found("--parent", run_id) == found("--workflow", "cli_notify") != set()
    assert found("--since", "1h") >= {nap, run_id}
    assert found("--until", "1h") == set()
    assert found("--since", "2999-01-01") == set()
    version = cli("show", nap, "--json").document["run"]["version"]
    assert found("--version", version) >= {nap, run_id}
    assert found("--version", "none") == set()
    assert found("--text", "CLI_NA") == {nap}
    assert nap not in found("--sort", "-ended")
    assert found("--sort=created") == found()
    assert found("--limit", "9" * 20) == found()
    assert found("--parent", "") == set()


def test_runs_are_sorted(cli: Cli, flows: Path) -> None:
    ids = [cli("start", f"{flows}:nap").out.strip() for _ in range(2)]
    oldest = cli("list", "--sort", "created", "--json").document["runs"]
    assert [run["id"] for run in oldest] == ids
    assert cli("list", "--sort", "duration").code == 2


def test_pages_follow_one_another(cli: Cli, flows: Path) -> None:
    ids = [cli("start", f"{flows}:nap").out.strip() for _ in range(3)]
    first = cli("list", "-n", "2", "--json").document
    second = cli("list", "-n", "2", "--cursor", first["cursor"], "--json").document
    assert [run["id"] for run in first["runs"] + second["runs"]] == ids[::-1]
    assert second["cursor"] is None
    assert "--cursor" in cli("list", "-n", "2").err


def test_a_list_is_a_table(cli: Cli, run_id: str) -> None:
    lines = cli("list").out.splitlines()
    assert lines[0].split() == ["run", "status", "workflow", "created", "took"]
    assert any(
        run_id in line and "✓ completed" in line and "shipped=True" in line for line in lines
    )


def test_without_a_database_there_is_nothing_and_none_is_made(cli: Cli, folder: Path) -> None:
    listed = cli("list")
    assert (listed.code, listed.out) == (0, "")
    assert listed.err == f"no database yet at {folder / '.outlast' / 'outlast.db'}\n"
    assert cli("list", "--json").document == {"runs": [], "cursor": None}
    for command in (("show",), ("events", "r"), ("cancel", "r"), ("wake", "r")):
        answer = cli(*command, "--url", "sqlite:///some.db", "--json")
        assert (answer.code, answer.out) == (3, "")
        error = json.loads(answer.err)["error"]
        assert error["kind"] == "no-database"
        assert error["message"].startswith("no database yet at /")
    assert list(folder.iterdir()) == []


def test_nothing_is_started_in_memory_that_nobody_would_execute(cli: Cli, flows: Path) -> None:
    for command in (("start",), ("run", "--detach")):
        answer = cli(*command, f"{flows}:nap", "--url", "memory://")
        assert (answer.code, answer.out) == (2, "")
        assert "is gone when this command ends" in answer.err


def test_settings_say_where_they_are_set(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text('[tool.outlast]\nlease = "45s"\n')
    monkeypatch.setenv("COLUMNS", "80")
    answer = cli("settings")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("lease")]
    assert line.split() == ["lease", "45s", "[tool.outlast]", "in"], "the file stands below"
    assert "pyproject.toml" in answer.out
    monkeypatch.setenv("OUTLAST_HTTP_TOKENS", "operate:s3cret-s3cret-s3cret")
    for printed in (cli("settings"), cli("settings", "--json")):
        assert "***" in printed.out
        assert "s3cret" not in printed.out + printed.err
    monkeypatch.setenv("OUTLAST_URL", "nowhere")
    answer = cli("list")
    assert answer.code == 2
    assert "OUTLAST_URL" in answer.err


def test_an_empty_world_says_so(cli: Cli, folder: Path) -> None:
    asyncio.run(_opened(App("sqlite:///.outlast/outlast.db", worker=False)))
    assert (folder / ".outlast" / "outlast.db").exists()
    assert "no runs fit" in cli("list").err
    assert "no worker serves" in cli("workers").err
    assert cli("workers", "--json").document == {"workers": []}
    assert cli("show").code == 3


async def _opened(app: App) -> None:
    async with app:
        pass


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nope"), 3),
        (("events", "nope"), 3),
        (("list", "--status", "asleep"), 2),
        (("list", "--since", "yesterday"), 2),
        (("list", "--since", ""), 2),
        (("list", "--until", ""), 2),
        (("list", "--since", "0001-01-01T00:00+14:00"), 2),
        (("list", "--until", "9999-12-31T23:59:59-12:00"), 2),
        (("list", "--cursor", "x"), 2),
        (("list", "--limit", "0"), 2),
        (("--url", "postgresql://u:secret@h/d", "list"), 4),
        (("list", "--url=nowhere"), 4),
    ],
)
@pytest.mark.usefixtures("run_id")
def test_what_cannot_be_looked_at(cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert "secret" not in answer.err


def test_it_goes_on_looking_where_a_page_is_short(
    cli: Cli, flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("start", f"{flows}:nap", "--id", "the-oldest")
    with closing(sqlite3.connect(".outlast/outlast.db")) as connection:
        connection.execute(MANY)
        connection.commit()
    (found,) = cli("list", "--text", "OLD", "--json").document["runs"]
    assert found["id"] == "the-oldest"
    monkeypatch.setattr("outlast.cli.list.LOOKS", 1)
    answer = cli("list", "--text", "OLD")
    assert (answer.code, answer.out) == (0, "")
    assert "not all were looked at; to go on: --cursor" in answer.err


MANY = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 6000)
INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, epoch, position, last_at, recoveries,
    created_at)
SELECT 'run-' || n, workflow, 'completed', version, queue, 0, '{}', 1, 1, 0, 0, created_at + n FROM runs, number
"""
"""Runs that are newer than the only one."""
