"""The README keeps its word: its example is killed with SIGKILL and prints what the README shows."""

import asyncio
import re
from pathlib import Path

from tests.docs.programs import kill_program, run_program
from tests.house.checkout import ROOT
from tests.house.markdown import blocks

README = ROOT / "README.md"


def test_the_example_goes_on_after_a_kill(tmp_path: Path) -> None:
    program = tmp_path / _name()
    program.write_text(_block("python"), encoding="utf-8")
    first, second = _shown()
    url = f"sqlite:///{tmp_path}/orders.db"
    killed = asyncio.run(kill_program(program, tmp_path, url=url, run_id="order-7", after_steps=3))
    assert sorted(killed.splitlines()) == sorted(first)
    assert run_program(program, tmp_path).stdout.splitlines() == second


def test_the_example_is_as_short_as_its_heading_says() -> None:
    code = [line for line in _block("python").splitlines() if line.strip()]
    assert len(code) <= 30


def _name() -> str:
    """The name that the README says to save the example under, and then runs it by."""
    text = README.read_text(encoding="utf-8")
    saved = re.findall(r"^Save it as `(\w+\.py)`", text, flags=re.MULTILINE)
    assert saved == list(dict.fromkeys(re.findall(r"^\$ python (\S+)", text, flags=re.MULTILINE)))
    return str(saved[0])


def _block(language: str) -> str:
    return next(block.body for block in blocks(README) if block.info[0] == language)


def _shown() -> list[list[str]]:
    """What the README says that the killed process and the second one print."""
    parts = re.split(r"^\$ .*\n", _block("text"), flags=re.MULTILINE)
    return [part.splitlines() for part in parts[1:]]
