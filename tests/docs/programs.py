"""Running the programs of the documents as a user would: a process of its own, in an empty folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from outlast import App


def run_program(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end. Warnings are errors."""
    return subprocess.run(
        _command(program),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def kill_program(
    program: Path, folder: Path, *, url: str, run_id: str, after_steps: int
) -> str:
    """Run it until its run has so many outcomes of steps in its log, then SIGKILL it. Gives what it
    printed; the first line must come after the run was started."""
    with subprocess.Popen(
        _command(program),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.readline()
        await _outcomes(url, run_id, after_steps)
        process.send_signal(signal.SIGKILL)
        printed += process.stdout.read()
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


def _command(program: Path) -> list[str]:
    return [sys.executable, "-u", "-W", "error", str(program)]
