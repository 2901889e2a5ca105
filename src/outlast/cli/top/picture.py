"""What the dashboard shows at one time, and how it is got."""

from datetime import datetime

import msgspec

from outlast import RunStatus
from outlast._api.listing import RunFilters
from outlast.cli.inspected import overview_of
from outlast.cli.looking import notice_deaths
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.problem import Problem
from outlast.cli.times import current_time
from outlast.errors import AccessDeniedError
from outlast.records import HookInfo, Overview, RunInfo, WorkerInfo


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What there was at one time."""

    at: datetime
    url: str
    runs: tuple[RunInfo, ...]
    more_runs: bool
    """Whether more fit than are shown."""
    overview: Overview
    """Of all runs, whichever are shown."""
    hooks: tuple[HookInfo, ...] | None
    """`None` if the token of the API may not see them."""
    workers: tuple[WorkerInfo, ...]

    @property
    def read_only(self) -> bool:
        """Whether who looks may not act: what may not see hooks may not cancel and wake either."""
        return self.hooks is None


class Looker:
    """Looks at an app: all runs that fit, or those of one status."""

    def __init__(self, app: OperatedApp[OperatedRun], wanted: RunFilters) -> None:
        self._app, self._wanted = app, wanted
        self.status: RunStatus | None = None
        """Show runs of this status only; `None`: of those that were asked for."""

    def run(self, run_id: str) -> OperatedRun:
        """The handle on a run that was listed."""
        return self._app.get_run(run_id)

    async def look(self) -> Picture:
        """Look. Raises `Problem` for a filter that cannot be one, and what asking the app raises."""
        await notice_deaths(self._app)
        wanted = RunFilters(**self._wanted)
        if self.status is not None:
            wanted["status"] = self.status
        try:
            page = await self._app.list_runs(**wanted)
        except ValueError as error:
            raise Problem(str(error)) from error
        return Picture(
            at=current_time(),
            url=self._app.url,
            runs=page.runs,
            more_runs=page.cursor is not None,
            overview=await overview_of(self._app),
            hooks=await self._hooks(),
            workers=await self._app.workers(),
        )

    async def _hooks(self) -> tuple[HookInfo, ...] | None:
        try:
            return (await self._app.list_hooks(limit=self._wanted.get("limit", 100))).hooks
        except AccessDeniedError:
            return None
