"""Programs as processes of their own, forked from one that has imported the library.

The test of a process that is killed needs a real process, but not the second that Python and the imports take each time.
`Program` has the part of `subprocess.Popen` that tests use. What tests the start itself uses `subprocess`.
"""

import atexit
import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import IO, Any, Final, Self

from pydantic import TypeAdapter

PRELOADED: Final = (
    "outlast._api.app",
    "outlast.cli.find_run",
    "outlast.cli.following",
    "outlast.cli.serve",
    "outlast.http.remote",
    "outlast.http.serving",
    "outlast.http.serving_process",
    "outlast.web",
    "outlast.worlds.postgres",
    "outlast.worlds.sqlite",
    # What these import when they need it.
    "httpcore",
    "pydantic.fields",
    "tomllib",
    "uvicorn.protocols.http.auto",
)
LIMIT: Final = 60.0
"""Seconds that a program may take which is waited for; none comes near it."""
TypeAdapter(
    int
)  # pydantic looks for plugins among all that is installed: once, and not in each program
_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([*PRELOADED, __name__])


@dataclass(frozen=True)
class Start:
    """How a program starts."""

    argv: Sequence[str]
    """`("-m", module, ...)`, or a path and its arguments."""
    cwd: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    open_files: Mapping[str, int] = field(default_factory=dict[str, int])
    """Files to be open in the program as well, and the variables of its environment that tell it their numbers."""
    warnings_are_errors: bool = False


class Program:
    """A program that runs. As a context manager: killed at the end if it still runs."""

    def __init__(
        self,
        start: Start,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> None:
        theirs: list[int] = []
        self.stdin = _pipe(theirs, stdin)
        self.stdout = _pipe(theirs, stdout)
        self.stderr = _pipe(theirs, stderr)
        self._process = _start(start, theirs)

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """As that of `Popen`: below 0 if a signal has ended it, `None` while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The return code, if it has ended."""
        return self.returncode

    def wait(self, timeout: float = LIMIT) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self.returncode

    def communicate(self, timeout: float = LIMIT) -> tuple[str, str]:
        """Wait for its end, and give what it has printed and nobody has read."""
        if self.stdin is not None:
            self.stdin.close()
        with ThreadPoolExecutor(2) as threads:
            printed = threads.map(_rest, (self.stdout, self.stderr))
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            out, err = printed
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()


def run_program(start: Start, *, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    with Program(start, stderr=stderr) as program:
        out, err = program.communicate()
        return subprocess.CompletedProcess(start.argv, program.wait(), out, err)


def _start(start: Start, theirs: list[int]) -> BaseProcess:
    """The process, with our ends of pipes closed here."""
    files = {name: DupFd(number) for name, number in start.open_files.items()}
    process = _FORKS.Process(
        target=_become, args=(start, [DupFd(one) for one in theirs], files), name=start.argv[-1]
    )
    process.start()
    for one in theirs:
        os.close(one)
    return process


def _pipe(theirs: list[int], wanted: int) -> IO[str] | None:
    """Our end of a pipe, if one is wanted; theirs, or what they get in its place, joins the others."""
    writing = not theirs  # standard input comes first
    if wanted == subprocess.PIPE:
        reader, writer = os.pipe()
        theirs.append(reader if writing else writer)
        return os.fdopen(writer if writing else reader, "w" if writing else "r", encoding="utf-8")
    if wanted == subprocess.STDOUT:
        theirs.append(os.dup(theirs[1]))
    else:
        assert wanted == subprocess.DEVNULL
        theirs.append(os.open(os.devnull, os.O_RDWR))
    return None


def _rest(file: IO[str] | None) -> str:
    if file is None or file.closed:
        return ""
    with file:
        return file.read()


def _become(start: Start, standard: Sequence[Any], files: Mapping[str, Any]) -> None:
    """In the new process: be the program."""
    gc.freeze()  # nor need it look at what is imported, as in `tests/conftest.py`
    for number, handle in enumerate(standard):
        os.dup2(handle.detach(), number)
    sys.stdin = os.fdopen(0, closefd=False)
    line_by_line = 1 if "PYTHONUNBUFFERED" in start.env else -1
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=line_by_line, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    os.chdir(start.cwd)
    os.environ.clear()
    os.environ.update(start.env)
    os.environ.update({name: str(_kept(handle)) for name, handle in files.items()})
    if start.warnings_are_errors:
        warnings.simplefilter("error")
    try:
        _run(list(start.argv))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        raise SystemExit(1) from None
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves these out
        sys.stdout.flush()


def _kept(handle: Any) -> int:
    number: int = handle.detach()
    os.set_inheritable(number, True)
    return number


def _run(argv: list[str]) -> None:
    if argv[0] == "-m":
        sys.argv, sys.path[0] = argv[1:], str(Path.cwd())
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = argv, str(Path(argv[0]).resolve().parent)
        runpy.run_path(argv[0], run_name="__main__")
