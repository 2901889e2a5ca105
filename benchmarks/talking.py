"""A process that is spoken with over its standard input and output, and that ends when its input does."""

import subprocess
import sys
from types import TracebackType
from typing import Self


class TalkingProcess:
    """`python -m MODULE ARGUMENTS...`, as its parent sees it. It lives within `with`."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", *arguments]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def say(self, line: str) -> None:
        """Hand it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """Wait for the next line of it."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()
