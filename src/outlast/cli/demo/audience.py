"""Telling of the play while it goes on."""

from contextlib import AbstractContextManager, nullcontext

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from outlast.cli.demo.play import Kill
from outlast.cli.output import Output
from outlast.cli.texts import count


class Teller:
    """Lines for what happens, and on a terminal a bar for how far it is."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._progress = Progress(
            TextColumn("  indexing"),
            BarColumn(bar_width=40),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=output.err,
            transient=True,
        )
        self._bar = self._progress.add_task("", total=None)
        self._workers = 0

    def shown(self) -> AbstractContextManager[object]:
        """On the terminal for a while."""
        lively = self._output.err.is_terminal and not self._output.json
        return self._progress if lively else nullcontext()

    def begun(self, *, files: int, total: int) -> None:
        """See `Audience`."""
        self._progress.update(self._bar, total=total)
        self._say("✓", "green", f"{count(files, 'source file')} to index: a step for each")

    def worker_started(self, pid: int) -> None:
        """See `Audience`."""
        self._workers += 1
        again = "another worker" if self._workers > 1 else "a worker"
        self._say("●", "cyan", f"{again} started in a process of its own, pid {pid}")

    def progress(self, events: int) -> None:
        """See `Audience`."""
        self._progress.update(self._bar, completed=events)

    def worker_killed(self, kill: Kill) -> None:
        """See `Audience`."""
        flight = count(len(kill.in_flight), "step")
        text = (
            f"worker {kill.pid} killed by SIGKILL after {kill.events:,} events, {flight} in flight"
        )
        self._say("✗", "bold red", text)

    def _say(self, sign: str, style: str, text: str) -> None:
        self._output.note(Text.assemble((f"{sign} ", style), text))
