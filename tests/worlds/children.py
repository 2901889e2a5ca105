"""Other processes on the world of a test."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def child(verb: str, world: str) -> Generator["subprocess.Popen[str]"]:
    """A process that does what the verb says on a world, named by its path or URL, and lives on until the end or its
    death."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.worlds.process", verb, world],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    """The next line that the child prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
