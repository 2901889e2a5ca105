"""`outlast worker`: serve the workflows of modules or files until asked to stop."""

from typing import Annotated, Any, Final

from cyclopts import Parameter

from outlast import App, WorkerOptions
from outlast._api.inspection import step_count, workflows
from outlast._worker.interpreter import tune_interpreter
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.loading import load
from outlast.cli.logs import log_to_stderr
from outlast.cli.looking import need_database
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.telemetry import telemetry
from outlast.cli.worker_notes import WorkerNotes
from outlast.errors import SettingsError

_FLAGS: Final = {"queues": "--queue", "max_steps": "--concurrency", "grace": "--grace"}
"""What the options are here that can have wrong values."""


async def command(
    source: str,
    /,
    *more: str,
    queue: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    concurrency: int | None = None,
    grace: str | None = None,
    verify_replay: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    verbose: Annotated[
        bool, Parameter(name=("--verbose", "-v"), negative="", show_default=False)
    ] = False,
    common: Common = DEFAULTS,
) -> int:
    """Serve all workflows of files or modules, and their steps that have a queue, until SIGTERM or Ctrl-C: then
    nothing is claimed any more, steps in flight get a grace period, and runs are handed back. A second signal
    stops at once.

    What no flag says is as it is set: see `outlast settings`.

    Parameters
    ----------
    source
        A FILE or a MODULE.
    more
        More of them.
    queue
        A queue whose runs, and whose steps, to serve. May be repeated.
    concurrency
        How many steps to run at once, of its own runs and of others'. What is beyond that is left to
        other workers.
    grace
        How long steps in flight may take when the worker stops.
    verify_replay
        Replay each run from its log whenever it is suspended, and compare: shows nondeterminism early.
    verbose
        Print a line for each run that is claimed, suspended or over.
    """
    output = Output(common)
    need_database(common)
    log_to_stderr()
    for one in (source, *more):
        load(one)
    if not (workflows() or step_count()):
        raise Problem(
            f"there is neither a workflow nor a step in {' '.join((source, *more))}",
            hint="Decorate an `async def` function with @workflow.",
        )
    options = _given(
        queues=queue or None,
        max_steps=concurrency,
        grace=grace,
        verify_replay=verify_replay or None,
    )
    tune_interpreter()
    notes = WorkerNotes(output, verbose=verbose)
    async with App(common.url, options=options, instruments=[notes, *telemetry()]) as app:
        notes.serving(app.url, [one.name for one in workflows()], step_count(), options.queues)
        await app.serve(on_stopping=notes.stopping)
    notes.stopped()
    return Exit.OK


def _given(**flags: Any) -> WorkerOptions:
    """The options that flags were given for; the others are as they are set."""
    try:
        return WorkerOptions(**{name: value for name, value in flags.items() if value is not None})
    except SettingsError as error:
        if error.source != WorkerOptions.__name__:
            raise
        flag = _FLAGS[error.setting]
        raise SettingsError(flag, error.value, "the command line", error.reason) from error
