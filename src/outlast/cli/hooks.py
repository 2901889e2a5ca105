"""`outlast hooks`: what waits for the outside."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import no_database, operated
from outlast.cli.output import Output
from outlast.cli.render_hooks import HooksTable
from outlast.cli.times import current_time


async def command(
    run: str | None = None,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=1_000))] = 50,
    common: Common = DEFAULTS,
) -> int:
    """List the live hooks, newest first. Who sees a token can resume its run: outlast resume TOKEN.

    Parameters
    ----------
    run
        Only those of this run.
    limit
        How many at most.
    """
    output = Output(common)
    if missing := await no_database(common):
        output.document({"hooks": []})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        page = await app.list_hooks(run, limit=limit)
    output.document({"hooks": page.hooks})
    if page.hooks:
        output.show_whole(HooksTable(page.hooks, current_time()))
    else:
        output.note("nothing waits for the outside")
    if page.cursor is not None:
        output.note("there are more: raise --limit")
    return Exit.OK
