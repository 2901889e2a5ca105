"""A folder with a file of workflows, and the command line run in it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from outlast.cli import main

SAMPLE = Path(__file__).with_name("sample_flows.py")


class Answer(NamedTuple):
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


@pytest.fixture(scope="session")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with workflows. One for all tests of a process: names are registered once."""
    file = tmp_path_factory.mktemp("flows") / "cli_sample.py"
    shutil.copyfile(SAMPLE, file)
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, and no settings from elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTLAST_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command in this process."""

    def call(*arguments: object) -> Answer:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call


@pytest.fixture
def run_id(cli: Callable[..., Answer], flows: Path) -> str:
    """A run that has completed."""
    order = '{"id": 1, "items": ["cup", "pot"]}'
    answer = cli("run", f"{flows}:fulfil", order, "--json")
    assert answer.code == 0
    return str(answer.document["run"]["id"])
