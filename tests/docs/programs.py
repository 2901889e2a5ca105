"""Running the programs of the documents as a user would: a process of its own, in an empty folder."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from outlast import App
from tests import programs
from tests.programs import Program, Start


def run_program(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end. Warnings are errors."""
    return programs.run_program(_start(program, folder))


def start_program(program: Path, folder: Path) -> Program:
    """Start it, and leave it to the caller."""
    return Program(_start(program, folder), stderr=subprocess.STDOUT)


async def kill_program(
    program: Path, folder: Path, *, url: str, run_id: str, after_steps: int
) -> str:
    """Run it until its run has so many outcomes of steps in its log, then SIGKILL it. Gives what it
    printed; the first line must come after the run was started."""
    with start_program(program, folder) as process:
        assert process.stdout is not None
        printed = process.stdout.readline()
        await _outcomes(url, run_id, after_steps)
        process.kill()
        printed += process.stdout.read()
        process.wait()
    assert process.returncode == -signal.SIGKILL, printed
    return printed


def environment(folder: Path) -> Mapping[str, str]:
    """What a program gets to see of this machine: the path, and a home of its own."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}


async def _outcomes(url: str, run_id: str, count: int) -> None:
    async with App(url, worker=False) as app:
        async for event in app.get_run(run_id).follow():
            count -= event.kind == "step_completed"
            if not count:
                return
    raise AssertionError("the run ended before it could be killed")


def _start(program: Path, folder: Path) -> Start:
    variables = {**environment(folder), "PYTHONUNBUFFERED": "1"}
    return Start((str(program),), folder, variables, warnings_are_errors=True)
