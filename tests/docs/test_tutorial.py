"""The command-line session of the tutorial: its commands work, and print what the tutorial shows."""

import asyncio
import re
import shlex
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from outlast import App
from tests.docs.programs import environment
from tests.house.checkout import ROOT
from tests.house.markdown import blocks
from tests.programs import Program, Start, run_program

BLOCKS = blocks(ROOT / "docs" / "tutorial.md")
COMMAND = re.compile(r"^\$ outlast (?P<words>.*)\n(?P<shown>(?:(?!\$ ).*\n?)*)", re.MULTILINE)
WORD = re.compile(r"\b[a-z_]{4,}\b(?!-)")
"""A word that is the same each time: no number, no time, no id."""


def test_the_session_of_the_tutorial(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text(_program(), encoding="utf-8")
    before, serving, after = _session()
    for words, shown in before:
        assert _words(shown) <= _words(_outlast(words, tmp_path)), words
    with _worker(serving, tmp_path):
        asyncio.run(_fallen_asleep(tmp_path))
        for words, shown in after:
            assert _words(shown) <= _words(_outlast(words, tmp_path)), words


def _program() -> str:
    """The one block that is not marked to run by itself."""
    (body,) = [block.body for block in BLOCKS if block.info == ("python",)]
    return body


def _session() -> tuple[list[tuple[str, str]], str, list[tuple[str, str]]]:
    """The commands with what they print: those before the worker, the worker's, those after it."""
    commands = [
        (match["words"], match["shown"])
        for block in BLOCKS
        if block.info == ("console",)
        for match in COMMAND.finditer(block.body)
    ]
    place = next(at for at, (words, _) in enumerate(commands) if words.startswith("worker "))
    assert place >= 4
    assert len(commands) - place > 2
    return commands[:place], commands[place][0], commands[place + 1 :]


def _words(text: str) -> set[str]:
    return set(WORD.findall(text))


def _outlast(words: str, folder: Path) -> str:
    """What a command prints. It must end well."""
    done = run_program(_start(words, folder), stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def _worker(words: str, folder: Path) -> Generator[None]:
    """A worker that serves as long as the block lasts, and stops well on SIGTERM."""
    quiet = subprocess.DEVNULL
    with Program(_start(words, folder), stdout=quiet, stderr=quiet) as process:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


async def _fallen_asleep(folder: Path) -> None:
    async with App(f"sqlite:///{folder}/.outlast/outlast.db", worker=False) as app:
        while not (await app.list_runs(status="suspended")).runs:
            await asyncio.sleep(0)


def _start(words: str, folder: Path) -> Start:
    return Start(("-m", "outlast", *shlex.split(words)), folder, environment(folder))
