"""The dashboard: tables of runs, hooks and workers that are looked at again and again."""

from collections.abc import Awaitable
from typing import ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static, TabbedContent, TabPane

from outlast import RunStatus
from outlast._clock import pause
from outlast.cli.operated import OperatedRun
from outlast.cli.problem import Problem
from outlast.cli.top.confirming import Confirming
from outlast.cli.top.live_table import LiveTable
from outlast.cli.top.picture import Looker, Picture
from outlast.cli.top.rows import (
    HOOK_TITLES,
    RUN_TITLES,
    WORKER_TITLES,
    chart,
    headline,
    hook_cells,
    instead,
    run_cells,
    worker_cells,
)
from outlast.cli.top.run_screen import RunScreen
from outlast.errors import OutlastError, WorldUnavailableError

STATUSES: Final = (None, *RunStatus)
"""What `s` goes through."""
OF_LISTS: Final = frozenset({"status", "tab"})
"""The actions that there are only where the lists are."""
OF_OPERATORS: Final = frozenset({"cancel", "wake"})
"""The actions that change something."""


class Dashboard(App[None]):
    """Runs, hooks and workers, and the way into a run."""

    TITLE = "outlast top"
    CSS_PATH = "dashboard.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "status", "status"),
        Binding("c", "cancel", "cancel"),
        Binding("w", "wake", "wake"),
        Binding("1", "tab('runs')", "runs"),
        Binding("2", "tab('hooks')", "hooks"),
        Binding("3", "tab('workers')", "workers"),
        Binding("t", "theme", "light or dark", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, looker: Looker, first: Picture, *, every: float) -> None:
        super().__init__()
        self.failure: Exception | None = None
        """Why it has ended, if not because it was asked to."""
        self.picture = first
        """What is shown."""
        self._looker, self._every = looker, every

    def compose(self) -> ComposeResult:
        """A headline and a chart, a table on each tab, and the keys."""
        yield Static(id="headline")
        yield Static(id="chart")
        with TabbedContent(initial="runs"):
            with TabPane("Runs", id="runs"):
                yield Static(id="runs-said", classes="said")
                yield LiveTable(RUN_TITLES, id="runs-table")
            with TabPane("Hooks", id="hooks"):
                yield Static(id="hooks-said", classes="said")
                yield LiveTable(HOOK_TITLES, id="hooks-table")
            with TabPane("Workers", id="workers"):
                yield Static(id="workers-said", classes="said")
                yield LiveTable(WORKER_TITLES, id="workers-table")
        yield Static(id="missed", classes="missed", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Show what was seen already, and begin to look."""
        self.theme = "ansi-dark"
        self._table("runs").focus()
        self._show()
        self.run_worker(self._keep_looking())

    def on_resize(self) -> None:
        """What runs are about takes the room that there is."""
        self.call_after_refresh(self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is for the lists has no key while a run is open, and what the token may not do has none at all."""
        if action in OF_OPERATORS and self.picture.read_only:
            return False
        return action not in OF_LISTS or len(self.screen_stack) == 1

    def action_status(self) -> None:
        """Show runs of the next status; at the end, all again."""
        at = STATUSES.index(self._looker.status)
        self._looker.status = STATUSES[(at + 1) % len(STATUSES)]
        self.run_worker(self.look(), exclusive=True, group="status")

    def action_tab(self, name: str) -> None:
        """Show the tab of that name."""
        self.query_one(TabbedContent).active = name
        self._table(name).focus()

    def action_theme(self) -> None:
        """The colours are the terminal's own; what is drawn on them is for dark ones, or for light ones."""
        self.theme = "ansi-light" if self.theme == "ansi-dark" else "ansi-dark"

    def on_data_table_row_selected(self, _: DataTable.RowSelected) -> None:
        """Show the run of the row: after enter, or a click on the row that the cursor is on."""
        run = self._chosen()
        if run is not None:
            self.push_screen(RunScreen(run, every=self._every))

    def action_cancel(self) -> None:
        """Cancel the run, if the question is answered with yes."""
        if (run := self._chosen()) is not None:

            async def answered(yes: bool | None) -> None:  # noqa: FBT001 - as textual calls it
                if yes:
                    await self._ask(run.cancel("asked for in `outlast top`"), f"{run.id} is to end")

            self.push_screen(Confirming(f"Cancel {run.id}?"), answered)

    async def action_wake(self) -> None:
        """End the sleeps of the run."""
        if (run := self._chosen()) is not None:
            await self._ask(run.wake(), f"{run.id} is woken")

    async def look(self) -> None:
        """Look now, and show it. While nobody answers, that is said."""
        missed, was = "", self.picture
        try:
            self.picture = await self._looker.look()
        except WorldUnavailableError as error:
            missed = f"trying again: {str(error).splitlines()[0]}"
        except (OutlastError, Problem) as error:
            self.failure = error
            self.exit()
            return
        if self.is_running:  # else it has been closed meanwhile, and its widgets are gone
            self.screen_stack[0].query_one("#missed", Static).update(missed)
            self._show()
            if was.read_only is not self.picture.read_only:
                self.refresh_bindings()

    async def _keep_looking(self) -> None:
        while True:
            await pause(self._every)
            await self.look()

    async def _ask(self, asked: Awaitable[bool], said: str) -> None:
        try:
            done = await asked
        except OutlastError as error:
            self.notify(str(error).partition("\n")[0], severity="error", markup=False)
        else:
            self.notify(said if done else "It is over already.", markup=False)

    def _chosen(self) -> OperatedRun | None:
        """The run that is open, or that of the row that the cursor is on."""
        if isinstance(self.screen, RunScreen):
            return self.screen.followed
        key = self._table(self.query_one(TabbedContent).active).chosen
        match self.query_one(TabbedContent).active:
            case "runs" if key:
                return self._looker.run(key)
            case "hooks" if key:
                return self._looker.run(key.partition(" ")[0])
            case _:
                return None

    def _show(self) -> None:
        picture, width = self.picture, self.size.width
        only = "" if self._looker.status is None else f"  only {self._looker.status.value}"
        main = self.screen_stack[0]
        main.query_one("#headline", Static).update(headline(picture).append(only, "bold"))
        main.query_one("#chart", Static).update(chart(picture.overview))
        self._table("runs").show(
            {run.id: run_cells(run, picture.at, width) for run in picture.runs}
        )
        self._table("workers").show(
            {one.id: worker_cells(one, picture.at) for one in picture.workers}
        )
        self._table("hooks").show(
            {
                f"{hook.run_id} {hook.token}": hook_cells(hook, picture.at)
                for hook in picture.hooks or ()
            }
        )

        for name, said in instead(picture).items():
            instead_of_rows = main.query_one(f"#{name}-said", Static)
            instead_of_rows.update(said)
            instead_of_rows.display = bool(said)

    def _table(self, name: str) -> LiveTable:
        return self.screen_stack[0].query_one(f"#{name}-table", LiveTable)
