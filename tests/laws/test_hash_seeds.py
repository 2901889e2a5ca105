"""Determinism across processes: whatever the seed of hashes, a log leads to the same commands."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from outlast import App
from outlast.testing import History, SkippingClock, record_history
from tests.house.checkout import ROOT
from tests.laws.programs.standings import standings
from tests.laws.shapes import SHAPES

SEEDS = ("0", "1", "4711")


def test_all_processes_ask_for_the_same(tmp_path: Path) -> None:
    histories = asyncio.run(record_all())
    file = tmp_path / "histories.json"
    file.write_text(json.dumps([history.json() for history in histories]))
    here = [standings(history) for history in histories]
    assert len(here) > len(SHAPES)
    assert {seed: replayed(file, seed) == here for seed in SEEDS} == dict.fromkeys(SEEDS, True)


async def record_all() -> list[History]:
    """The histories of all shapes, children too."""
    found = []
    async with App("memory://", clock=SkippingClock(threshold=0)) as app:
        for name, shape in SHAPES.items():
            await asyncio.gather(shape.play(app, f"seeds-{name}"), return_exceptions=True)
        for info in (await app.list_runs(limit=1_000)).runs:
            found.append(await record_history(app.get_run(info.id)))
    return found


def replayed(file: Path, seed: str) -> list[list[list[str]]]:
    """Where they stand in another process."""
    program = [sys.executable, "-m", "tests.laws.programs.standings", str(file)]
    done = subprocess.run(
        program,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[list[list[str]]] = json.loads(done.stdout)
    return found
