"""`outlast steps`: the steps of a run."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run, is_over
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.looking import notice_deaths, operated
from outlast.cli.output import Output
from outlast.cli.render_steps import steps_table
from outlast.cli.times import current_time
from outlast.records import StepRecord

StepStatus: TypeAlias = Literal["running", "retrying", "completed", "failed", "cancelled"]


async def command(
    run: str | None = None,
    /,
    *,
    status: Annotated[tuple[StepStatus, ...], Parameter(negative="", show_default=False)] = (),
    name: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    follow: Follow = False,
    common: Common = DEFAULTS,
) -> int:
    """List the steps of a run: when each began, how long it took, its attempts, and what came of it.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    status
        Only those of this status. May be repeated.
    name
        Only those of this name. May be repeated.
    follow
        Show them as they begin and end, until the run is over. With --json, one JSON document a line.
    """
    output = Output(common)
    async with operated(common) as app:
        await notice_deaths(app)
        found = await find_run(app, run)
        created_at = (await found.info()).created_at

        async def look() -> Sequence[StepRecord]:
            return [
                one
                for one in await found.steps()
                if (not status or one.status in status) and (not name or one.name in name)
            ]

        listed = Followed[StepRecord](
            look=look,
            table=lambda steps, titled=True: steps_table(
                steps, created_at, current_time(), titled=titled
            ),
            empty=f"run {found.id} has no such steps"
            if status or name
            else f"run {found.id} has no steps",
            key=lambda one: one.id,
            tells=lambda one: (one.status, len(one.attempts)),
            document=lambda steps: {"run": found.id, "steps": steps},
            over=lambda: is_over(found),
        )
        await show_list(output, listed, follow=follow)
    return Exit.OK
