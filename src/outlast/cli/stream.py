"""`outlast stream`: what a run has written to a stream."""

from typing import Annotated

from cyclopts import Parameter

from outlast._api.streaming import stream_forms
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run
from outlast.cli.looking import existing
from outlast.cli.output import Output
from outlast.cli.plain import value_text
from outlast.cli.problem import Problem


async def command(
    run: str | None = None,
    name: str = "default",
    /,
    *,
    start: int = 0,
    follow: Annotated[
        bool, Parameter(name=("--follow", "-f"), negative="", show_default=False)
    ] = False,
    common: Common = DEFAULTS,
) -> int:
    """Print the chunks of a stream in order. With --json, one JSON document a line.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    name
        The name of the stream.
    start
        The index of the first chunk to print; below 0: from the end.
    follow
        Print further chunks as they are written, until the stream is closed.
    """
    output = Output(common)
    async with existing(common) as app:
        found = app.get_run((await find_run(app, run)).id)
        try:
            info = await found.stream_info(name)
        except ValueError as error:
            raise Problem(str(error), hint="Leave the name out for the default stream.") from error
        if info.tail < 0 and not follow:
            output.note_line(f"run {found.id} has no stream {name!r}, or nothing in it")
        async for form in stream_forms(app.runtime, found.id, name, start, follow=follow):
            output.line(form)
            output.text(value_text(form))
    return Exit.OK
