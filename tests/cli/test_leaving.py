"""Leaving early: Ctrl-C before a command has begun, and readers of pipes that go."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer
from tests.programs import Program, Start

PROGRAM = """
import os, signal, sys
from _outlast_command import main

interrupting = sys.argv.pop()

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == interrupting:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv.append("list")
sys.exit(main())
"""


@pytest.mark.parametrize(
    "module", ["outlast", "msgspec", "outlast.cli.entry", "cyclopts", "outlast.cli.list"]
)
def test_ctrl_c_during_the_imports_is_quiet(folder: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module], cwd=folder, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_where_ctrl_c_is_ignored_it_stays_ignored(folder: Path) -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)" + PROGRAM
    done = subprocess.run(
        [sys.executable, "-c", ignoring, "outlast"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.startswith(b"no database yet")


@pytest.mark.parametrize("arguments", ["--help", "run --help", "version", "list --json"])
def test_a_reader_that_has_gone_is_no_error(folder: Path, arguments: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "outlast", *arguments.split()],
            cwd=folder,
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("follows", ["events --follow", "list --follow", "show --follow"])
def test_what_follows_ends_when_its_reader_goes(
    folder: Path, cli: Callable[..., Answer], flows: Path, follows: str
) -> None:
    """Nothing more comes of this run, so nothing is printed that could fail."""
    cli("start", f"{flows}:nap")
    with Program(Start(("-m", "outlast", *follows.split()), folder)) as following:
        assert following.stdout is not None
        # What `show` follows it tells beside its result, which comes at the end.
        told = following.stderr if follows.startswith("show") else following.stdout
        assert told is not None
        assert told.readline()
        following.stdout.close()
        assert following.wait(20) == 0
