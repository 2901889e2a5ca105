"""`run` and `start`: what is started, followed and printed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outlast import App
from outlast.blocking import opened
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]
ORDER = '{"id": 7, "items": ["cup", "pot"]}'


def test_a_run_is_followed_and_its_result_printed(cli: Cli, flows: Path) -> None:
    answer = cli("run", f"{flows}:fulfil", ORDER, "--where", "Oslo", "--fast")
    assert answer.code == 0
    result = json.loads(answer.out)
    assert result["total"] == 19.0
    assert result["shipped"] == "shipped to Oslo"
    assert result["fast"] is True
    assert result["order"] == {"id": 7, "items": ["cup", "pot"]}
    assert "step_retried  cli_charge#1" in answer.err
    assert "✓ completed  cli_fulfil in" in answer.err


def test_json_is_one_document_and_nothing_else(cli: Cli, flows: Path) -> None:
    answer = cli("run", f"{flows}:fulfil", ORDER, "--attribute", "tenant=acme", "--json")
    assert answer.err == ""
    document = answer.document
    assert document["run"]["status"] == "completed"
    assert document["run"]["attributes"] == {"tenant": "acme", "shipped": True}
    assert document["ending"]["result"]["total"] == 19.0


def test_a_failed_run_shows_its_error_and_the_users_own_frames(cli: Cli, flows: Path) -> None:
    answer = cli("run", f"{flows}:fulfil", ORDER, "where=moon")
    assert answer.code == 1
    assert answer.out == ""
    assert "ValueError: we do not ship there" in answer.err
    assert "cli_sample.py" in answer.err
    assert "_engine" not in answer.err
    assert "_runtime" not in answer.err


def test_running_an_id_again_gives_the_first_run(cli: Cli, flows: Path) -> None:
    first = cli("run", f"{flows}:fulfil", ORDER, "--id", "order-7", "--json").document
    again = cli("run", f"{flows}:fulfil", "--id", "order-7", "--json").document
    assert again == first


@pytest.mark.parametrize("command", ["run", "start"])
def test_arguments_for_a_run_that_exists_are_not_taken(cli: Cli, flows: Path, command: str) -> None:
    cli("run", f"{flows}:fulfil", ORDER, "--id", "order-7")
    answer = cli(command, f"{flows}:fulfil", '{"id": 8}', "--id", "order-7")
    assert answer.code == 0
    assert answer.err.startswith("run order-7 exists already: nothing is started")
    assert "no worker" not in answer.err
    assert "exists already" not in cli(command, f"{flows}:fulfil", "--id", "order-7").err


def test_an_id_of_another_workflow_is_refused(cli: Cli, flows: Path) -> None:
    cli("start", f"{flows}:nap", "--id", "mine")
    answer = cli("run", f"{flows}:fulfil", ORDER, "--id", "mine")
    assert answer.code == 2
    assert "is of the workflow 'cli_nap'" in answer.err


@pytest.mark.parametrize("command", [("start",), ("run", "--detach")])
def test_a_started_run_waits_for_a_worker(cli: Cli, flows: Path, command: tuple[str, ...]) -> None:
    answer = cli(*command, f"{flows}:nap", "5m")
    assert answer.code == 0
    run_id = answer.out.strip()
    assert f"outlast worker {flows}" in " ".join(answer.err.split())
    document = cli("show", run_id, "--json").document
    assert document["run"]["status"] == "pending"
    assert document["run"]["events"] == 1


def test_a_run_in_a_queue_waits_for_a_worker_of_it(cli: Cli, flows: Path) -> None:
    with opened(App("sqlite:///.outlast/outlast.db")):  # whose worker serves another one
        assert "no worker" not in cli("start", f"{flows}:nap", "5m").err
        answer = cli("start", f"{flows}:nap", "5m", "--queue", "gpu large")
    said = " ".join(answer.err.split())
    assert f"no worker serves queue gpu large: outlast worker {flows} --queue 'gpu large'" in said
    assert "queue gpu large" in cli("show", answer.out.strip()).out


def test_after_two_dashes_everything_is_the_workflows(cli: Cli, flows: Path) -> None:
    answer = cli("start", f"{flows}:nap", "--json", "--", "--length", "--json")
    created = cli("events", answer.document["run"]["id"], "--json").document
    assert "--json" in json.dumps(created["data"]["input"])


def test_start_options_reach_the_run(cli: Cli, flows: Path) -> None:
    options = ("--queue", "slow", "--priority", "3", "--delay", "2h", "--attribute", "try=2")
    run = cli("start", f"{flows}:nap", *options, "--json").document["run"]
    assert (run["queue"], run["priority"], run["attributes"]) == ("slow", 3, {"try": 2})
    assert run["due_at"] > run["created_at"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "order: Missing required argument"),
        (('{"id": "x"}',), "order.items: Field required"),
        ((ORDER, "--wher", "x"), "has --wher"),
        ((ORDER, "--where"), "--where needs a value"),
        ((ORDER, "--attribute", "tenant"), "'tenant' is no attribute"),
        ((ORDER, "--id", "a/b"), "cannot be a run id"),
        ((ORDER, "--delay", "soon"), "'soon' is not a time"),
    ],
)
def test_arguments_that_do_not_fit_start_nothing(
    cli: Cli, flows: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = cli("run", f"{flows}:fulfil", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert cli("list", "--json").document["runs"] == []
