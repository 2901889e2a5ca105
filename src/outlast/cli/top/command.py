"""The command: what is looked at, and that there is something to draw with."""

import sys
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.extras import extra
from outlast.cli.list import ALL, Filters, wanted_runs
from outlast.cli.looking import operated
from outlast.cli.problem import Problem
from outlast.cli.top.picture import Looker


async def command(
    *,
    filters: Filters = ALL,
    limit: Annotated[
        int, Parameter(name=("--limit", "-n"), validator=Number(gte=1, lte=1_000))
    ] = 100,
    every: Annotated[float, Parameter(validator=Number(gte=0.1, lte=3_600))] = 1.0,
    common: Common = DEFAULTS,
) -> int:
    """Watch runs, hooks and workers live, look into a run, cancel it or wake it.

    Enter opens a run, `s` shows runs of one status, `c` and `w` cancel and wake, `q` leaves.
    Needs Textual: `pip install "outlast[top]"`.

    Parameters
    ----------
    limit
        The most runs, and hooks, to show.
    every
        Seconds between two looks.
    """
    if common.json or not sys.stdout.isatty():
        raise Problem(
            "this draws on a terminal, and there is none",
            hint="For programs and pipes there is: outlast list --follow --json",
        )
    with extra("top", "which draws this"):
        from outlast.cli.top.dashboard import Dashboard
    async with operated(common) as app:
        looker = Looker(app, wanted_runs(filters, limit))
        dashboard = Dashboard(looker, await looker.look(), every=every)
        await dashboard.run_async()
    if dashboard.failure is not None:
        raise dashboard.failure
    return Exit.OK
