"""`outlast hooks`: what waits for the outside."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.looking import no_database, operated
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.output import Output
from outlast.cli.render_hooks import HooksTable
from outlast.cli.times import current_time
from outlast.records import HookInfo


async def command(
    run: str | None = None,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=1_000))] = 50,
    follow: Follow = False,
    common: Common = DEFAULTS,
) -> int:
    """List the live hooks, newest first. Who sees a token can resume its run: outlast resume TOKEN.

    Parameters
    ----------
    run
        Only those of this run.
    limit
        How many at most.
    follow
        Show them as they come and go. With --json, one JSON document a line.
    """
    output = Output(common)
    if missing := await no_database(common):
        output.document({"hooks": []})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        shown = _Hooks(app, run, limit)
        listed = Followed[HookInfo](
            look=shown.look,
            table=lambda hooks, titled=True: HooksTable(hooks, current_time(), titled=titled),
            empty="nothing waits for the outside",
            key=lambda hook: hook.token,
            tells=lambda hook: hook.id,
            document=lambda hooks: {"hooks": hooks},
            newest_first=True,
            whole=True,
        )
        await show_list(output, listed, follow=follow)
    if shown.more:
        output.note("there are more: raise --limit")
    return Exit.OK


class _Hooks:
    """The hooks, and whether there are more."""

    def __init__(self, app: OperatedApp[OperatedRun], run: str | None, limit: int) -> None:
        self._app, self._run, self._limit = app, run, limit
        self.more = False

    async def look(self) -> Sequence[HookInfo]:
        page = await self._app.list_hooks(self._run, limit=self._limit)
        self.more = page.cursor is not None
        return page.hooks
