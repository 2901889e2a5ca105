"""Each example prints what its docstring says, on SQLite, in an empty folder, without warnings."""

import ast
import asyncio
import re
from pathlib import Path

import pytest

from tests.docs.programs import kill_program, run_program, start_program
from tests.house.checkout import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SESSION = re.compile(
    r"^    \$ python (?P<file>\S+)\n(?P<output>(?:    (?!\$ ).*\n?)*)", re.MULTILINE
)


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def test_the_contents_list_all_examples() -> None:
    contents = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\w+\.py)\]", contents, re.MULTILINE)
    assert sorted(listed) == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(path: Path, tmp_path: Path) -> None:
    sessions = list(SESSION.finditer(_docstring(path)))
    assert sessions, "the docstring shows no session"
    for session in sessions:
        assert ROOT / session["file"] == path
        done = run_program(path, tmp_path)
        assert done.stderr == ""
        assert done.returncode == 0
        assert done.stdout == _undented(session["output"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_to_watch_for(path: Path) -> None:
    text = _docstring(path)
    assert text.partition("\n")[0].endswith(".")
    assert re.search(r"\b(Watch|Run it)\b", text)


def test_the_first_example_goes_on_after_a_kill(tmp_path: Path) -> None:
    program = ROOT / "examples" / "hello.py"
    url = f"sqlite:///{tmp_path}/.outlast/outlast.db"
    before = asyncio.run(
        kill_program(program, tmp_path, url=url, run_id="hello-ada", after_steps=1)
    )
    assert before == "look_up executes\n"
    assert run_program(program, tmp_path).stdout == "greet executes\nHello, Ada Lovelace!\n"


def test_a_killed_example_does_not_disturb_the_next(tmp_path: Path) -> None:
    program = ROOT / "examples" / "webhooks.py"
    with start_program(program, tmp_path) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "not signed: 401\n"
        killed.kill()
        killed.wait()
    assert run_program(program, tmp_path).stdout.endswith("order 7: refunded 20 EUR\n")


def _undented(output: str) -> str:
    return "".join(f"{line[4:]}\n" for line in output.splitlines())
