"""`outlast explain`, and the pages that come with the library."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from outlast.errors import RunBlockedError
from tests.cli.conftest import Answer
from tests.house.checkout import ROOT

Cli = Callable[..., Answer]
PAGES = ROOT / "docs" / "errors"


def test_what_a_message_says_to_run_prints_the_page(cli: Cli) -> None:
    program, *arguments = RunBlockedError("r", "").docs.split()
    assert program == "outlast"
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (0, (PAGES / "run-blocked.md").read_text())


def test_a_class_is_understood_too(cli: Cli) -> None:
    document = cli("explain", "RunBlockedError", "--json").document
    assert (document["slug"], document["class"]) == ("run-blocked", "RunBlockedError")
    assert document["text"].startswith("# `RunBlockedError`")


def test_all_pages_are_listed(cli: Cli) -> None:
    lines = cli("explain").out.splitlines()
    assert {line.split()[0] for line in lines} == {
        path.stem for path in PAGES.glob("*.md") if path.stem != "README"
    }
    assert ["run-blocked", "RunBlockedError"] in [line.split() for line in lines]


def test_an_unknown_one_is_guessed(cli: Cli) -> None:
    answer = cli("explain", "run-bloked")
    assert (answer.code, answer.out) == (2, "")
    assert "Did you mean 'run-blocked'?" in answer.err


def test_the_wheel_has_the_pages_and_the_command(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        for page in PAGES.glob("*.md"):
            assert content.read(f"outlast/pages/{page.name}") == page.read_bytes()
    assert "_outlast_command.py" in names
