"""`outlast list`: finding runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import Parameter

from outlast import RunStatus
from outlast._api.listing import RunFilters
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.looking import no_database, notice_deaths, operated
from outlast.cli.moments import past_moment
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.output import Output
from outlast.cli.pairs import attribute_pairs
from outlast.cli.problem import Problem
from outlast.cli.render_run import worker_gone
from outlast.cli.render_runs import RunsTable
from outlast.cli.times import current_time
from outlast.records import RunInfo

Order: TypeAlias = Literal["-created", "created", "-ended", "ended"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which runs to list; all of it must fit."""

    status: Annotated[tuple[RunStatus, ...], Parameter(negative="", show_default=False)] = ()
    """Of this status. May be repeated."""
    workflow: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """Of this workflow. May be repeated."""
    version: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """Started on this version of the code. May be repeated."""
    attribute: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """With this attribute, NAME=VALUE. May be repeated."""
    since: str | None = None
    """Created at this time or later: a date and time, or a length of time before now ('2h', '3 days')."""
    until: str | None = None
    """Created before this time."""
    parent: str | None = None
    """Started by the run of this id."""
    text: str | None = None
    """With this in the id, the workflow's name or the attributes, in any case."""
    sort: Annotated[Order, Parameter(allow_leading_hyphen=True)] = "-created"
    """By when they were created or ended, the latest first with the hyphen. By end, only what is over is listed."""


LOOKS: Final = 20
"""So often it goes on looking where a page is short: at 100,000 runs in all."""
ALL: Final = Filters()
"""No filters given."""


async def command(
    *,
    filters: Filters = ALL,
    limit: Annotated[int, Parameter(name=("--limit", "-n"))] = 20,
    cursor: str | None = None,
    follow: Follow = False,
    common: Common = DEFAULTS,
) -> int:
    """List runs, newest first or as `--sort` says.

    Parameters
    ----------
    limit
        The most runs to list.
    cursor
        Go on where another page ended: the cursor that it printed.
    follow
        Show them as they come and change. With --json, one JSON document a line.
    """
    output = Output(common)
    wanted = wanted_runs(filters, limit, cursor)
    if missing := await no_database(common):
        output.document({"runs": [], "cursor": None})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        shown = _Runs(app, wanted, looks=1 if follow else LOOKS)
        listed = Followed[RunInfo](
            look=shown.look,
            table=lambda runs, titled=True: RunsTable(runs, current_time(), titled=titled),
            empty=f"no runs fit in {app.url}",
            key=lambda run: run.id,
            tells=_tells,
            document=lambda runs: {"runs": runs, "cursor": shown.cursor},
            newest_first=filters.sort.startswith("-"),
        )
        await show_list(output, listed, follow=follow)
    if shown.cursor:
        more = "more" if shown.full else "not all were looked at; to go on"
        output.note_line(f"{more}: --cursor {shown.cursor}")
    return Exit.OK


class _Runs:
    """A page of runs, and how to get the next one."""

    def __init__(self, app: OperatedApp[OperatedRun], wanted: RunFilters, looks: int) -> None:
        self._app, self._wanted, self._looks = app, wanted, looks
        self.cursor: str | None = None
        self.full = False
        """Whether there are as many as were asked for."""

    async def look(self) -> Sequence[RunInfo]:
        """The page as it is now. Raises `Problem` for a filter that cannot be one."""
        await notice_deaths(self._app)
        found: list[RunInfo] = []
        limit, wanted = self._wanted.get("limit", 0), RunFilters(**self._wanted)
        for _ in range(self._looks):
            wanted["limit"] = limit - len(found)
            try:
                page = await self._app.list_runs(**wanted)
            except ValueError as error:
                raise Problem(str(error)) from error
            found += page.runs
            self.cursor, self.full = page.cursor, len(found) == limit
            if page.cursor is None or self.full:
                break
            wanted["cursor"] = page.cursor
        return found


def _tells(run: RunInfo) -> object:
    """Not what changes all the time: how long its lease and its log are."""
    gone = worker_gone(run, current_time())
    return run.status, run.attributes, [waiting.id for waiting in run.waiting], run.problem, gone


def wanted_runs(filters: Filters, limit: int, cursor: str | None = None) -> RunFilters:
    """The filters as `list_runs` has them. Raises `Problem` for those that cannot be."""
    if limit < 1:
        raise Problem("--limit must be at least 1")
    wanted = RunFilters(limit=limit, cursor=cursor, sort=filters.sort)
    if filters.status:
        wanted["status"] = filters.status
    if filters.workflow:
        wanted["workflow"] = filters.workflow
    if filters.attribute:
        wanted["attributes"] = attribute_pairs(filters.attribute)
    if filters.since is not None:
        wanted["created_from"] = past_moment(filters.since)
    if filters.until is not None:
        wanted["created_to"] = past_moment(filters.until)
    if filters.parent is not None:
        wanted["parent"] = filters.parent
    if filters.version:
        wanted["version"] = filters.version
    if filters.text:
        wanted["text"] = filters.text
    return wanted
