"""Measuring: each time in a new process, on a new file, in a folder on the disk that users have."""

import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec

from benchmarks.child import RESULT
from benchmarks.model import Figure, Measured, Workload

ROOT: Final = Path(__file__).parent.parent
SCRATCH: Final = ROOT / "build" / "benchmarks"
IN_MEMORY: Final = ("tmpfs", "ramfs")
"""File systems on which nothing is durable."""


class FailedError(Exception):
    """A measurement failed, or what it gave is wrong."""


class Machine(msgspec.Struct, frozen=True):
    """What it was measured on."""

    cores: int
    python: str
    sqlite: str
    system: str
    file_system: str
    load: float
    """How many processes wanted a core, over the last minutes: far above `cores`, times say little."""


class Sample(msgspec.Struct, frozen=True):
    """One measurement, as it is kept: a line of JSON."""

    workload: str
    run: int
    quick: bool
    measured: Measured
    """The figures, beside the limits of the machine as this process found them."""


def machine() -> Machine:
    """This machine, without its name."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        system=f"{platform.system()} {platform.machine()}",
        file_system=_file_system(_scratch()),
        load=round(os.getloadavg()[1], 1),
    )


def measure(workload: Workload, *, run: int, quick: bool) -> Sample:
    """Measure once. Raises `FailedError` if it fails or takes far too long."""
    with _folder() as folder:
        command = [sys.executable, "-m", "benchmarks.child", workload.name, str(folder)]
        child = subprocess.Popen(
            [*command, *(["--quick"] if quick else [])],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output, _ = child.communicate(timeout=workload.bound)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
            msg = f"not over after {workload.bound:g} s\n{output[-2000:]}"
            raise FailedError(msg) from None
        if child.returncode:
            raise FailedError(output[-3000:])
        measured = msgspec.json.decode((folder / RESULT).read_bytes(), type=Measured)
    return Sample(workload.name, run, quick, measured)


def median(samples: list[Sample], key: str) -> float:
    """The median of a number over the samples."""
    return statistics.median(sample.measured[key] for sample in samples)


def median_limit(samples: list[Sample], figure: Figure) -> float | None:
    """The median of the limit that a figure is held against."""
    if figure.limit is None:
        return None
    return statistics.median(figure.limit.of(sample.measured) for sample in samples)


def _scratch() -> Path:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return SCRATCH


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(mkdtemp(dir=_scratch()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file_system(folder: Path) -> str:
    """The kind of file system that the folder is on; `unknown` where the system does not tell."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    fields = [line.split(" ") for line in mounts.read_text().splitlines()]
    holding = [field for field in fields if folder.is_relative_to(field[1])]
    return max(holding, key=lambda field: len(field[1]))[2] if holding else "unknown"
