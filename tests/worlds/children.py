"""Other processes on the world of a test."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from tests.house.checkout import ROOT
from tests.programs import Program, Start


@contextmanager
def child(verb: str, world: str) -> Generator[Program]:
    """A process that does what the verb says on a world, named by its path or URL, and lives on until the end or its
    death."""
    start = Start(("-m", "tests.worlds.process", verb, world), ROOT)
    with Program(start, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield process


def line(process: Program) -> str:
    """The next line that the child prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
