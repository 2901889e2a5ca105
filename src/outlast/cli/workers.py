"""`outlast workers`: who serves, and how busy they are."""

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import no_database, notice_deaths, operated
from outlast.cli.output import Output
from outlast.cli.render_list import workers_table
from outlast.cli.times import current_time


async def command(*, common: Common = DEFAULTS) -> int:
    """List the workers that serve this database, with the runs they held and the steps they were making at
    their last heartbeat. One that died on another host may be listed until a worker notices.
    """
    output = Output(common)
    if missing := await no_database(common):
        output.document({"workers": []})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        await notice_deaths(app)
        workers = await app.workers()
        output.document({"workers": workers})
        if workers:
            output.show(workers_table(workers, current_time(), output.out.width))
        else:
            output.note(f"no worker serves {app.url}; start one: outlast worker FILE")
    return Exit.OK
