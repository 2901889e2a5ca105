"""The short form: workers and servers are disturbed for some seconds, and no law is broken."""

import subprocess
import sys
from typing import Final

import pytest

from tests.house.checkout import ROOT

SHORT: Final = ("--workers", "3", "--seconds", "7", "--settle", "60")
EVERYTHING: Final = ["crash", "cut", "kill", "lose", "pause", "restart", "unanswered"]


def chaos(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chaos", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize(
    ("world", "runs", "faults", "struck"),
    [
        pytest.param("sqlite", "60", "6", ["kill", "pause"], marks=pytest.mark.slow),
        pytest.param("postgres", "60", "12", EVERYTHING, marks=pytest.mark.slow),
        ("postgres", "30", "12", EVERYTHING),
    ],
)
def test_no_law_is_broken(world: str, runs: str, faults: str, struck: list[str]) -> None:
    done = chaos("--world", world, "--seed", "1", "--faults", faults, "--runs", runs, *SHORT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no law was broken" in done.stdout
    assert f"workflows started  {runs}\n" in done.stdout
    assert all(f"{kind} " in done.stdout for kind in struck), done.stdout
    assert ("no restarts" in done.stdout) == (world == "sqlite")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "law"),
    [
        ("old-epoch", "no write by an old epoch"),
        ("twice", "recorded once"),
        ("lost-event", "a log replays"),
        ("left-asleep", "every run ends"),
    ],
)
def test_a_broken_rule_is_found(plant: str, law: str) -> None:
    kinds = ("--kinds", "pause", "--faults", "8", "--settle", "10")
    done = chaos("--world", "sqlite", "--plant", plant, "--runs", "60", *SHORT, *kinds)
    assert done.returncode == 1, done.stdout + done.stderr
    assert law in done.stdout
