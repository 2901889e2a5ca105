"""`outlast events`: the log of a run."""

from typing import Annotated

from cyclopts import Parameter

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run
from outlast.cli.leaving import while_read
from outlast.cli.looking import operated
from outlast.cli.output import Output
from outlast.cli.render_events import event_line, events_table


async def command(
    run: str | None = None,
    /,
    *,
    start: int = 0,
    follow: Annotated[
        bool, Parameter(name=("--follow", "-f"), negative="", show_default=False)
    ] = False,
    common: Common = DEFAULTS,
) -> int:
    """Print the events of a run's log in order. With --json, one JSON document a line.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    start
        The position of the first event to print.
    follow
        Print further events as they are committed, until the run is over.
    """
    output = Output(common)
    async with operated(common) as app:
        found = await find_run(app, run)
        created_at = (await found.info()).created_at
        if follow:
            async with while_read():
                async for event in found.follow(start):
                    output.line(event)
                    output.text(event_line(event, created_at))
        else:
            events = await found.events(start)
            for event in events:
                output.line(event)
            output.show(events_table(events, created_at))
    return Exit.OK
