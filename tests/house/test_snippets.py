"""Code in documents: it is Python, and what is marked to run runs. CONTRIBUTING.md has the marks."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

import outlast
from tests.house.checkout import ROOT, expect_none
from tests.house.markdown import Block, blocks, pages
from tests.programs import Start, run_program

PYTHON = [block for path in pages() for block in blocks(path) if block.info[:1] == ("python",)]
RUN = [block for block in PYTHON if block.info[1:]]
PROGRAM = "program.py"


def _shown(block: Block) -> str:
    return block.shown


def test_code_is_python() -> None:
    """Where it is not, the error names the page and the line."""
    for block in PYTHON:
        compile(block.body, block.shown, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    marks = [f"{block.shown}: {mark}" for block in PYTHON for mark in block.info[1:]]
    expect_none(mark for mark in marks if not re.search(r": (run|raises=.+)$", mark))


@pytest.mark.parametrize("block", RUN, ids=_shown)
def test_code_runs(block: Block, tmp_path: Path) -> None:
    done = _run(block, tmp_path)
    _expect_end(block, done)
    if block.output is not None:
        assert done.stdout == block.output
    if {path.name for path in tmp_path.iterdir()} > {PROGRAM}:  # it has kept something
        _expect_end(block, _run(block, tmp_path))


def _expect_end(block: Block, done: subprocess.CompletedProcess[str]) -> None:
    """It ends as the block is marked to end."""
    raises = next((mark.partition("=")[2] for mark in block.info if "raises=" in mark), None)
    if raises is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0
        assert re.search(rf"^[ |]*([\w.]+\.)?{raises}\b", done.stderr, re.M), done.stderr


def test_the_documents_have_code_that_runs() -> None:
    """CONTRIBUTING shows the marks with a block that runs; the README has one once there is an API."""
    run = {block.path for block in RUN}
    assert ROOT / "CONTRIBUTING.md" in run
    assert ROOT / "README.md" in run or not hasattr(outlast, "App")


def _run(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the block as a program of its own in an empty folder, warnings being errors."""
    program = folder / PROGRAM
    program.write_text(block.body, encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}
    return run_program(Start((program.name,), folder, variables, warnings_are_errors=True))
