"""`outlast wake`: ending sleeps early."""

from outlast.cli.asking import ask
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.find_run import run_of
from outlast.cli.looking import operated
from outlast.cli.output import Output


async def command(run: str, /, *more: str, common: Common = DEFAULTS) -> int:
    """End the sleeps that runs wait for now, and try blocked runs again. Durable on return.

    Parameters
    ----------
    run
        The run's id.
    more
        More runs.
    """
    output = Output(common)
    async with operated(common) as app:
        runs = [run_of(app, run_id) for run_id in (run, *more)]
        return await ask(runs, lambda one: one.wake(), "woken", output)
