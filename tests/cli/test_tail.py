"""`outlast tail` and `outlast streams`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outlast.cli.render_streams import size
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
    printed = cli("tail", run_id, "words").out
    text, _, rest = printed.partition("\n")
    assert text == "hello"
    assert rest == '{\n  "base64": "/w=="\n}\n' + json.dumps(ORDER, indent=2) + "\n"
    assert cli("tail", run_id, "words", "--no-follow").out == printed


def test_as_json_one_a_line(cli: Cli, run_id: str) -> None:
    hello, raw, order = documents(cli("tail", run_id, "words", "--json").out)
    assert (hello, raw) == ("hello", {"$type": "bytes", "base64": "/w=="})
    assert order["fields"] == ORDER
    assert documents(cli("tail", run_id, "words", "--json", "--start", "-1").out) == [order]


def test_what_is_not_there_is_told(cli: Cli, run_id: str) -> None:
    answer = cli("tail", run_id, "default")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"run {run_id} has no stream 'default', or nothing in it; it has: words\n"
    assert cli("tail", run_id).out == cli("tail", run_id, "words").out, "it has no other"
    assert cli("tail", "nobody").code == 3
    assert cli("tail", run_id, "").code != 0


def test_streams_are_listed(cli: Cli, run_id: str) -> None:
    title, words = cli("streams", run_id).out.splitlines()
    assert title.split() == ["stream", "chunks", "size", "state"]
    assert words.split()[:2] == ["words", "3"]
    assert words.endswith("✓ closed")
    document = cli("streams", run_id, "--json").document
    assert document["run"] == run_id
    (stream,) = document["streams"]
    assert (stream["name"], stream["tail"], stream["closed"]) == ("words", 2, True)
    assert documents(cli("streams", run_id, "--json", "--follow").out) == [stream]


def test_a_run_without_streams(cli: Cli, flows: Path) -> None:
    run_id = cli("start", f"{flows}:nap").out.strip()
    answer = cli("streams", run_id)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"run {run_id} has no streams\n"
    answer = cli("tail", run_id, "--no-follow")
    assert answer.err == f"run {run_id} has no stream 'default', or nothing in it\n"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (9_960, "10 kB"), (2_500_000, "2.5 MB")],
)
def test_sizes_are_short(count: int, text: str) -> None:
    assert size(count) == text
