"""`outlast list`: finding runs."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from outlast import RunStatus
from outlast._api.listing import RunFilters
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import no_database, notice_deaths, operated
from outlast.cli.moments import past_moment
from outlast.cli.output import Output
from outlast.cli.pairs import attribute_pairs
from outlast.cli.problem import Problem
from outlast.cli.render_runs import RunsTable
from outlast.cli.times import current_time


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which runs to list; all of it must fit."""

    status: Annotated[tuple[RunStatus, ...], Parameter(negative="", show_default=False)] = ()
    """Of this status. May be repeated."""
    workflow: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """Of this workflow. May be repeated."""
    attribute: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """With this attribute, NAME=VALUE. May be repeated."""
    since: str | None = None
    """Created at this time or later: a date and time, or a length of time before now ('2h', '3 days')."""
    until: str | None = None
    """Created before this time."""
    parent: str | None = None
    """Started by the run of this id."""


async def command(
    *,
    filters: Filters = Filters(),
    limit: Annotated[int, Parameter(name=("--limit", "-n"))] = 20,
    cursor: str | None = None,
    common: Common = DEFAULTS,
) -> int:
    """List runs, newest first.

    Parameters
    ----------
    limit
        The most runs to list.
    cursor
        Go on where another page ended: the cursor that it printed.
    """
    output = Output(common)
    wanted = _wanted(filters, limit, cursor)
    if missing := await no_database(common):
        output.document({"runs": [], "cursor": None})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        await notice_deaths(app)
        try:
            page = await app.list_runs(**wanted)
        except ValueError as error:
            raise Problem(str(error)) from error
        output.document({"runs": page.runs, "cursor": page.cursor})
        if page.runs:
            output.show(RunsTable(page.runs, current_time()))
        else:
            output.note(f"no runs fit in {app.url}")
        if page.cursor:
            output.note(f"more: --cursor {page.cursor}")
    return Exit.OK


def _wanted(filters: Filters, limit: int, cursor: str | None) -> RunFilters:
    if limit < 1:
        raise Problem("--limit must be at least 1")
    wanted = RunFilters(limit=limit, cursor=cursor)
    if filters.status:
        wanted["status"] = filters.status
    if filters.workflow:
        wanted["workflow"] = filters.workflow
    if filters.attribute:
        wanted["attributes"] = attribute_pairs(filters.attribute)
    if filters.since:
        wanted["created_from"] = past_moment(filters.since)
    if filters.until:
        wanted["created_to"] = past_moment(filters.until)
    if filters.parent:
        wanted["parent"] = filters.parent
    return wanted
