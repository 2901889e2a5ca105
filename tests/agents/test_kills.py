"""Real processes, and SIGKILL at every boundary of ten steps: the messages of an agent's run are those of a run that
nobody disturbs, each request and each call of a tool is recorded once, and what was made again is counted."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from tests.agents.test_crash_points import untimed
from tests.house.checkout import ROOT
from tests.laws.data import Cover

NAMES = {
    "killed__model.request": 4,
    "killed__function_toolset__<agent>.call_tool:look": 5,
    "killed__function_toolset__<agent>.call_tool:pay": 1,
}
AT_ONCE = 3
"""How many tools are called in parallel: that many may be made again after a death."""


class Lives:
    """Lives of the run, forked from one warm process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.agents.programs.killed", self._folder],
            cwd=ROOT,
            env={**os.environ, "OUTLAST_VERSION": "killed"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def live(self, folder: Path, what: str = "ended", times: int = 0) -> bool:
        """One life; whether it has come to the end of the run. Otherwise it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder} {what} {times}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), code
        return code == 0


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    with Lives(tmp_path_factory.mktemp("warm")) as made:
        yield made


@pytest.fixture
def cover(record_property: Callable[[str, object], None]) -> Cover:
    """Count what was tried; the sums are told at the end of the session."""
    return record_property


def ending(folder: Path) -> Any:
    """What the run has come to; each outcome is there once, and there are no others."""
    ended = msgspec.json.decode((folder / "ended.json").read_bytes())
    assert ended["names"] == NAMES
    assert set(ended["outcomes"].values()) == {1}
    assert ended["failed"] == 0
    return ended


def calls(folder: Path) -> Counter[str]:
    """How often the model and the tools were called, by what they were asked."""
    return Counter((folder / "witness").read_text().splitlines())


def made(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_a_run_that_is_killed_at_some_moments(lives: Lives, tmp_path: Path, cover: Cover) -> None:
    """Here before an outcome is recorded; behind each that is, the next test kills."""
    kill_at(lives, tmp_path, cover, every=3)


@pytest.mark.slow
def test_a_run_that_is_killed_at_each_moment(lives: Lives, tmp_path: Path, cover: Cover) -> None:
    kill_at(lives, tmp_path, cover, every=1)


def kill_at(lives: Lives, tmp_path: Path, cover: Cover, *, every: int) -> None:
    calm = made(tmp_path, "calm")
    assert lives.live(calm)
    reference = ending(calm)
    once = calls(calm)
    assert once.total() == sum(NAMES.values()) == 10
    points = [(what, n + 1) for what, times in reference["told"].items() for n in range(times)]
    assert len(points) >= 18
    points = points[::every]
    assert {what for what, _ in points} == {"ended", "committed"}
    repeated = 0
    for what, times in points:
        folder = made(tmp_path, f"{what}-{times}")
        if not lives.live(folder, what, times):
            assert lives.live(folder)
        assert untimed(ending(folder)["result"]) == untimed(reference["result"]), (what, times)
        assert ending(folder)["outcomes"] == reference["outcomes"], (what, times)
        again = calls(folder) - once
        assert again.total() <= AT_ONCE, (what, times, again)
        repeated += again.total()
    cover("SIGKILLs of an agent's process", len(points))
    cover("calls of its model and tools that were made again", repeated)


def test_a_run_whose_processes_die_one_after_the_other(
    lives: Lives, tmp_path: Path, cover: Cover
) -> None:
    """Each life dies when something of it is recorded."""
    folder, deaths = made(tmp_path, "chain"), 0
    while not lives.live(folder, "committed", 1):
        deaths += 1
        assert deaths < 30
    assert ending(folder)["result"][:3] == ["all seen", 4, 6]
    assert deaths >= 8
    again = calls(folder).total() - 10
    assert again <= deaths * (AT_ONCE - 1)
    cover("SIGKILLs of an agent's process", deaths)
    cover("calls of its model and tools that were made again", again)
