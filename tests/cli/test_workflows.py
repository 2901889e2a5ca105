"""`outlast workflows`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


@pytest.mark.usefixtures("run_id")
def test_workflows_are_listed(cli: Cli) -> None:
    titles, *rows = cli("workflows").out.splitlines()
    assert titles.split() == ["workflow", "queues", "versions", "place", "says"]
    (fulfil,) = [row for row in rows if row.startswith("cli_fulfil ")]
    assert "no worker" in fulfil
    assert "cli_sample.py:" in fulfil
    found = cli("workflows", "--json").document["workflows"]
    assert "cli_nap" in {one["name"] for one in found}


def test_one_is_told_with_how_it_goes(cli: Cli, flows: Path, run_id: str) -> None:
    order = '{"id": 1, "items": ["cup"]}'
    assert cli("run", f"{flows}:fulfil", order, "--where", "moon").code == 1
    shown = cli("workflows", "cli_fulfil").out
    for said in ("cli_fulfil(order:", "the latest 2 runs", "✓ 1 completed", "✗ 1 failed", "50.0%"):
        assert said in shown
    (ship,) = [line.split() for line in shown.splitlines() if line.startswith("cli_ship")]
    assert ship[1:4] == ["2", "1", "2"]
    document = cli("workflows", "cli_fulfil", "--json").document
    assert document["workflow"]["name"] == "cli_fulfil"
    assert document["stats"]["success"] == 0.5


@pytest.mark.usefixtures("run_id")
def test_one_without_runs_and_one_that_there_is_not(cli: Cli) -> None:
    assert "no runs yet" in cli("workflows", "cli_nap").out
    answer = cli("workflows", "nope")
    assert (answer.code, answer.out) == (3, "")
    assert "no workflow 'nope'" in answer.err


def test_without_a_database_there_are_none(cli: Cli, folder: Path) -> None:
    assert cli("workflows", "--json").document == {"workflows": []}
    assert list(folder.iterdir()) == []
