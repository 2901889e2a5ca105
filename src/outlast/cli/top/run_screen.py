"""One run on its timeline, live."""

from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from outlast._clock import pause
from outlast.cli.consoles import Harmless
from outlast.cli.operated import OperatedRun
from outlast.cli.render_run import RunView, render_run
from outlast.cli.timeline import Timeline
from outlast.cli.times import current_time
from outlast.errors import OutlastError


class RunScreen(Screen[None]):
    """What `outlast show` prints, while it changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "back"),
        Binding("c", "app.cancel", "cancel"),
        Binding("w", "app.wake", "wake"),
        Binding("a", "all", "all rows"),
    ]

    def __init__(self, run: OperatedRun, *, every: float) -> None:
        super().__init__()
        self.followed = run
        self._every = every
        self._timeline = Timeline()
        self._shown: RunView | None = None
        self._all = False

    def compose(self) -> ComposeResult:
        """The run, and the keys."""
        with VerticalScroll():
            yield Static(id="run")
        yield Static(id="missed", classes="missed", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(VerticalScroll).focus()
        self.run_worker(self._keep_looking())

    def action_leave(self) -> None:
        """Go back to the lists."""
        self.dismiss()

    def action_all(self) -> None:
        """Show every row, or those that are alike together."""
        self._all = not self._all
        self._show()

    async def _keep_looking(self) -> None:
        while True:
            await self.look()
            await pause(self._every)

    async def look(self) -> None:
        """Read what is new in the log. What goes wrong is said below, and tried again."""
        said = ""
        try:
            info = await self.followed.info()
            for event in await self.followed.events(self._timeline.position):
                self._timeline.add(event)
            self._shown = RunView(info=info, timeline=self._timeline, now=current_time())
        except OutlastError as error:
            said = str(error).partition("\n")[0]
        if self.is_attached and len(self.query("#run, #missed")) == 2:  # not left meanwhile
            self.query_one("#missed", Static).update(said)
            self._show()

    def _show(self) -> None:
        if self._shown is None:
            return
        limit = max(self._shown.info.events, self._shown.limit) if self._all else self._shown.limit
        view = replace(self._shown, limit=limit)
        self.query_one("#run", Static).update(Harmless(render_run(view)))
