"""The ways to show a run that goes on: a live picture, lines, or nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from outlast.cli.output import Output
from outlast.cli.render_events import event_line
from outlast.cli.render_run import RunView, headline, timeline_table
from outlast.cli.timeline import Timeline
from outlast.cli.times import current_time
from outlast.cli.watching import Watcher
from outlast.records import EventRecord, RunInfo

QUIET_KINDS = frozenset({"step_started"})
"""Events that are not worth a line while their run is followed in lines."""
AROUND = 5
"""So many lines of a terminal are left to what is not the timeline."""

KEPT = "Ctrl-C stops; the run is kept and can go on later"
STOPPING = "stopping when what is in flight is done; Ctrl-C again stops at once"


def watcher_for(output: Output, footer: str = KEPT) -> Watcher:
    """A picture on a terminal, lines elsewhere, nothing for JSON."""
    if output.json:
        return Nothing()
    terminal = output.err.is_terminal
    return Picture(output.err, footer) if terminal else Lines(output.note_line)


class Picture:
    """A picture of the run that is drawn anew in its place."""

    def __init__(self, console: Console, footer: str = KEPT) -> None:
        self.timeline = Timeline()
        self.footer = Text(footer, style="dim")
        self._console = console
        self._info: RunInfo | None = None
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def event(self, event: EventRecord) -> None:
        """See `Watcher`."""
        self.timeline.add(event)

    def picture(self, info: RunInfo) -> None:
        """See `Watcher`."""
        self._info = info
        self.draw()

    def draw(self) -> None:
        """Draw it as it is now."""
        if self._info is None:
            return
        limit = max(3, self._console.height - AROUND)
        view = RunView(info=self._info, timeline=self.timeline, now=current_time(), limit=limit)
        parts = (
            headline(view),
            Text(self._info.id, style="dim"),
            timeline_table(view),
            self.footer,
        )
        self._live.update(Group(*parts), refresh=True)

    def stopping(self) -> None:
        """See `Watcher`."""
        self.footer = Text(STOPPING, style="yellow")
        self.draw()

    def shown(self) -> AbstractContextManager[object]:
        """On the terminal for a while, without leaving anything there."""
        return self._live


class Lines:
    """A line for each event, for logs and pipes."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._created_at: datetime | None = None

    def event(self, event: EventRecord) -> None:
        """See `Watcher`."""
        self._created_at = self._created_at or event.at
        if event.kind not in QUIET_KINDS:
            self._write(event_line(event, self._created_at))

    def picture(self, info: RunInfo) -> None:
        """See `Watcher`."""

    def stopping(self) -> None:
        """See `Watcher`."""
        self._write(STOPPING)

    def shown(self) -> AbstractContextManager[object]:
        """See `Watcher`."""
        return nullcontext()


class Nothing:
    """Shows nothing: the end is all that is asked for."""

    def event(self, event: EventRecord) -> None:
        """See `Watcher`."""

    def picture(self, info: RunInfo) -> None:
        """See `Watcher`."""

    def stopping(self) -> None:
        """See `Watcher`."""

    def shown(self) -> AbstractContextManager[object]:
        """See `Watcher`."""
        return nullcontext()
