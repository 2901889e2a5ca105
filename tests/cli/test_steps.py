"""`outlast steps`."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


def test_steps_are_rows(cli: Cli, run_id: str) -> None:
    titles, *rows = cli("steps", run_id).out.splitlines()
    assert titles.split() == ["began", "took", "step", "tries", "result", "or", "error"]
    assert len(rows) == 4
    (charge,) = [row for row in rows if "cli_charge#1" in row]
    assert charge.split()[-2:] == ["2", "19.0"]


def test_a_failed_step_tells_its_error(cli: Cli, flows: Path) -> None:
    order = '{"id": 1, "items": []}'
    assert cli("run", f"{flows}:fulfil", order, "--where", "moon").code == 1
    (_, row) = cli("steps", "--status", "failed").out.splitlines()
    assert "✗ cli_ship#1" in row
    assert "ValueError: we do not ship there" in row


def test_steps_are_found_by_status_and_name(cli: Cli, run_id: str) -> None:
    def found(*options: str) -> list[str]:
        document = cli("steps", run_id, "--json", *options).document
        assert document["run"] == run_id
        return [step["id"] for step in document["steps"]]

    assert found("--name", "cli_charge") == ["cli_charge#1"]
    assert found("--name", "cli_charge", "--name", "cli_ship") == ["cli_charge#1", "cli_ship#1"]
    assert len(found("--status", "completed")) == 4
    assert found("--status", "failed") == []
    assert "has no such steps" in cli("steps", run_id, "--status", "failed").err
    assert cli("steps", run_id, "--status", "asleep").code == 2


def test_following_a_run_that_is_over_lists_its_steps(cli: Cli, run_id: str) -> None:
    assert cli("steps", run_id, "--follow").out == cli("steps", run_id).out
    followed = [json.loads(line) for line in cli("steps", run_id, "-f", "--json").out.splitlines()]
    assert followed == cli("steps", run_id, "--json").document["steps"]
