"""`outlast show`: a run on a timeline."""

from typing import Annotated

from cyclopts import Parameter

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run
from outlast.cli.following import Follow
from outlast.cli.leaving import while_read
from outlast.cli.looking import notice_deaths, operated
from outlast.cli.operated import OperatedRun
from outlast.cli.output import Output
from outlast.cli.render_run import RunView, render_run
from outlast.cli.timeline import Timeline
from outlast.cli.times import current_time
from outlast.cli.watchers import watcher_for
from outlast.cli.watching import watch


async def command(
    run: str | None = None,
    /,
    *,
    all: Annotated[bool, Parameter(negative="", show_default=False)] = False,  # noqa: A002 - the name of the option
    follow: Follow = False,
    common: Common = DEFAULTS,
) -> int:
    """Show a run: its steps with their attempts, its waits, children and errors on a timeline, and what
    it waits for.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    all
        Show every step, also where many are alike.
    follow
        Watch it until it is over; with --json, print the document then.
    """
    output = Output(common)
    async with operated(common) as app:
        await notice_deaths(app)
        found = await find_run(app, run)
        if follow:
            await _watch(found, output)
        info, events, steps = await found.info(), await found.events(), await found.steps()
    timeline = Timeline(events)
    limit = len(events) if all else RunView.__struct_defaults__[0]
    output.show(render_run(RunView(info=info, timeline=timeline, now=current_time(), limit=limit)))
    output.document({"run": info, "steps": steps, "ending": timeline.ending})
    return Exit.OK


async def _watch(run: OperatedRun, output: Output) -> None:
    watcher = watcher_for(output, "Ctrl-C ends this picture; the run goes on")
    with watcher.shown():
        async with while_read():
            await watch(run, watcher)
