"""`outlast workers`: who serves, and how busy they are."""

from collections.abc import Sequence

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.looking import no_database, notice_deaths, operated
from outlast.cli.output import Output
from outlast.cli.render_list import workers_table
from outlast.cli.times import current_time
from outlast.records import WorkerInfo


async def command(*, follow: Follow = False, common: Common = DEFAULTS) -> int:
    """List the workers that serve this database, with the runs they held and the steps they were making at
    their last heartbeat. One that died on another host may be listed until a worker notices.

    Parameters
    ----------
    follow
        Show them as they come and go, and how busy they are. With --json, one JSON document a line.
    """
    output = Output(common)
    if missing := await no_database(common):
        output.document({"workers": []})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:

        async def look() -> Sequence[WorkerInfo]:
            await notice_deaths(app)
            return await app.workers()

        listed = Followed[WorkerInfo](
            look=look,
            table=lambda workers, titled=True: workers_table(
                workers, current_time(), output.out.width, titled=titled
            ),
            empty=f"no worker serves {app.url}; start one: outlast worker FILE",
            key=lambda worker: worker.id,
            tells=lambda worker: (worker.live_runs, worker.attempts),
            document=lambda workers: {"workers": workers},
        )
        await show_list(output, listed, follow=follow)
    return Exit.OK
