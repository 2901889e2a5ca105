"""Measuring: each time in a new process, on a new file or schema, on the disk that users have."""

import asyncio
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec

from benchmarks.child import RESULT
from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.model import Figure, Measured, Workload, WorldName
from benchmarks.servers import postgres_server

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
    postgres: str | None
    """The server, if there was one, and how durable it was."""

    def shown(self, world: WorldName) -> str:
        """As one line."""
        database = f"SQLite {self.sqlite}" if world == "sqlite" else self.postgres
        return f"{self.cores} cores, {self.system}, {self.file_system}, Python {self.python}, {database}"


class Sample(msgspec.Struct, frozen=True):
    """One measurement, as it is kept: a line of JSON."""

    workload: str
    run: int
    quick: bool
    measured: Measured
    """The figures, beside the limits of the machine as this process found them."""
    load: float = 0.0
    """How many processes wanted a core over the minute before: far above the cores, times say little."""


class Harness:
    """Measures workloads, one measurement after another."""

    def __init__(self, server: str | None) -> None:
        self._server = server
        self._numbers = count(1)

    def machine(self) -> Machine:
        """This machine, without its name."""
        return Machine(
            cores=len(os.sched_getaffinity(0)),
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
            system=f"{platform.system()} {platform.machine()}",
            file_system=_file_system(_scratch()),
            postgres=None if self._server is None else asyncio.run(_described(self._server)),
        )

    def measure(self, workload: Workload, *, run: int, quick: bool) -> Sample:
        """Measure once. Raises `FailedError` if it fails or takes far too long."""
        load = round(os.getloadavg()[0], 1)
        with _folder() as folder, self._world(workload, folder) as url:
            command = [sys.executable, "-m", "benchmarks.child", workload.name, url, str(folder)]
            _run([*command, *(["--quick"] if quick else [])], workload.bound)
            measured = msgspec.json.decode((folder / RESULT).read_bytes(), type=Measured)
        return Sample(workload.name, run, quick, measured, load)

    @contextmanager
    def _world(self, workload: Workload, folder: Path) -> Iterator[str]:
        """The URL of a world that is not there yet, and is gone afterwards."""
        if workload.world == "sqlite":
            yield f"sqlite:///{folder / 'bench.db'}"
            return
        assert self._server is not None
        joint = "&" if "?" in self._server else "?"
        url = f"{self._server}{joint}schema=bench_{os.getpid()}_{next(self._numbers)}"
        try:
            yield url
        finally:
            asyncio.run(PostgresDatabase(url).drop())


@contextmanager
def harness(workloads: Iterable[Workload]) -> Iterator[Harness]:
    """What these workloads can be measured with: with a server, if one of them needs it."""
    if all(workload.world == "sqlite" for workload in workloads):
        yield Harness(None)
        return
    with postgres_server() as url:
        yield Harness(url)


def _run(command: list[str], bound: float) -> None:
    child = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output, _ = child.communicate(timeout=bound)
    except subprocess.TimeoutExpired:
        child.kill()
        output, _ = child.communicate()
        raise FailedError(f"not over after {bound:g} s\n{output[-2000:]}") from None
    if child.returncode:
        raise FailedError(output[-3000:])


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


async def _described(server: str) -> str:
    """The version, and what its durability rests on."""
    async with PostgresDatabase(server).connected() as connection:
        settings = [
            f"{name} {await connection.fetchval(f'SHOW {name}')}"
            for name in ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        ]
        version = (await connection.fetchval("SHOW server_version")).split()[0]
        folder = Path(await connection.fetchval("SHOW data_directory"))
    where = [_file_system(folder)] if folder.exists() else []
    return ", ".join([f"PostgreSQL {version}", *settings, *where])


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
