"""`outlast cancel`: asking for runs to be cancelled."""

from outlast.cli.asking import ask
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.find_run import run_of
from outlast.cli.looking import operated
from outlast.cli.output import Output
from outlast.cli.problem import Problem


async def command(
    run: str, /, *more: str, reason: str | None = None, common: Common = DEFAULTS
) -> int:
    """Ask for runs to be cancelled. Durable on return; a worker lets the workflow clean up and ends it.

    Parameters
    ----------
    run
        The run's id.
    more
        More runs.
    reason
        Why: recorded, and told to those who await the result.
    """
    output = Output(common)
    async with operated(common) as app:
        runs = [run_of(app, run_id) for run_id in (run, *more)]
        try:
            return await ask(runs, lambda one: one.cancel(reason), "cancellation asked for", output)
        except ValueError as error:  # of the reason
            raise Problem(str(error)) from error
