"""Where a command prints: results on standard output, everything else on standard error."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import Any, Final

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from outlast.cli.common import Common
from outlast.cli.consoles import console, harmless

PIPED_WIDTH: Final = 120
"""How wide lines are when there is no terminal that says (and no COLUMNS)."""


class Output:
    """The two consoles of a command.

    With `--json`, standard output gets documents only: `show` and `note` print nothing.
    """

    def __init__(self, common: Common) -> None:
        self.json = common.json
        self._stdout = sys.stdout
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def aside(self) -> AbstractContextManager[object]:
        """With `--json`: what the user's code prints meanwhile goes to standard error."""
        return redirect_stdout(sys.stderr) if self.json else nullcontext()

    def show(self, renderable: RenderableType) -> None:
        """Print what was asked for."""
        if not self.json:
            _print(self.out, renderable)

    def show_whole(self, renderable: RenderableType) -> None:
        """The same; its lines are neither cut nor broken where they are longer than the terminal is wide."""
        if not self.json:
            _print(self.out, renderable, whole=True)

    def note(self, renderable: RenderableType) -> None:
        """Tell what is going on."""
        if not self.json:
            _print(self.err, renderable)

    def note_line(self, text: str, style: str = "") -> None:
        """Tell something on one line, however long."""
        if not self.json:
            self.err.print(Text(text, style=style), soft_wrap=True)

    def text(self, text: str) -> None:
        """Print a text as it is, neither styled nor wrapped; on a terminal without what that would obey."""
        if not self.json:
            self._stdout.write((harmless(text) if self.out.is_terminal else text) + "\n")
            self._stdout.flush()

    def document(self, value: Any) -> None:
        """With `--json`: print the one JSON document of this command."""
        if self.json:
            self._stdout.write(to_json(value, indent=2) + "\n")
            self._stdout.flush()

    def line(self, value: Any) -> None:
        """With `--json`: print one of several documents, each on a line."""
        if self.json:
            self._stdout.write(to_json(value) + "\n")
            self._stdout.flush()


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Records, datetimes and JSON types as JSON text."""
    encoded = msgspec.json.encode(value)
    return (encoded if indent is None else msgspec.json.format(encoded, indent=indent)).decode()


def _print(to: Console, renderable: RenderableType, *, whole: bool = False) -> None:
    """Print; into a pipe or a file without the blanks that fill lines up."""
    if to.is_terminal:
        to.print(renderable, soft_wrap=whole)
        return
    with to.capture() as capture:
        to.print(renderable, soft_wrap=whole)
    lines = capture.get().split("\n")
    to.file.write("\n".join(line.rstrip() for line in lines))
    to.file.flush()


def _console(*, stderr: bool) -> Console:
    made = console(stderr=stderr)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPED_WIDTH
    return made
