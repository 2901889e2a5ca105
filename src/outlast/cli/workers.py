"""`outlast workers`: who serves."""

from outlast import App
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.output import Output
from outlast.cli.render_list import workers_table
from outlast.cli.times import current_time


async def command(*, common: Common = DEFAULTS) -> int:
    """List the workers that serve this database. One that died is listed until another worker notices."""
    output = Output(common)
    async with App(common.url, worker=False) as app:
        workers = await app.workers()
        output.document({"workers": workers})
        if workers:
            output.show(workers_table(workers, current_time()))
        else:
            output.note(f"no worker serves {app.url}; start one: outlast worker FILE")
    return Exit.OK
