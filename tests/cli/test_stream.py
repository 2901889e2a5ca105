"""`outlast stream`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]

ORDER = {"id": 1, "items": ["pen"]}


@pytest.fixture
def run_id(cli: Cli, flows: Path) -> str:
    """A run that has written to a stream, and is over."""
    cli("run", f"{flows}:talk")
    found: str = cli("list", "--json").document["runs"][0]["id"]
    return found


def documents(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_chunks_are_printed_in_order(cli: Cli, run_id: str) -> None:
    printed = cli("stream", run_id, "words").out
    text, _, rest = printed.partition("\n")
    assert text == "hello"
    assert rest == '{\n  "base64": "/w=="\n}\n' + json.dumps(ORDER, indent=2) + "\n"
    assert cli("stream", run_id, "words", "--follow").out == printed


def test_as_json_one_a_line(cli: Cli, run_id: str) -> None:
    hello, raw, order = documents(cli("stream", run_id, "words", "--json").out)
    assert (hello, raw) == ("hello", {"$type": "bytes", "base64": "/w=="})
    assert order["fields"] == ORDER
    assert documents(cli("stream", run_id, "words", "--json", "--start", "-1").out) == [order]


def test_what_is_not_there_is_told(cli: Cli, run_id: str) -> None:
    answer = cli("stream", run_id)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"run {run_id} has no stream 'default', or nothing in it\n"
    assert cli("stream", "nobody").code == 3
    assert cli("stream", run_id, "").code != 0
