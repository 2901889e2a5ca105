"""`outlast streams`: what streams a run has."""

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.find_run import find_run, is_over
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.looking import operated
from outlast.cli.output import Output
from outlast.cli.render_streams import streams_table
from outlast.records import StreamInfo


async def command(
    run: str | None = None,
    /,
    *,
    follow: Follow = False,
    common: Common = DEFAULTS,
) -> int:
    """List the streams of a run: how many chunks each has, how long they are, and whether more may come.

    `outlast tail RUN NAME` prints what is in one.

    Parameters
    ----------
    run
        The run's id; the newest run by default.
    follow
        Show how they grow, until the run is over. With --json, one JSON document a line.
    """
    output = Output(common)
    async with operated(common) as app:
        found = await find_run(app, run)
        listed = Followed[StreamInfo](
            look=found.streams,
            table=streams_table,
            empty=f"run {found.id} has no streams",
            key=lambda stream: stream.name,
            tells=lambda stream: (stream.tail, stream.closed),
            document=lambda streams: {"run": found.id, "streams": streams},
            over=lambda: is_over(found),
        )
        await show_list(output, listed, follow=follow)
    return Exit.OK
