"""Starting a run as the command line asks for it: what `run` and `start` share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Parameter

from outlast._api.starting import StartKeywords
from outlast.cli.arguments import call_with
from outlast.cli.find_run import run_of
from outlast.cli.moments import date_or_none
from outlast.cli.operated import AnyRun, OperatedApp
from outlast.cli.output import Output
from outlast.cli.pairs import attribute_pairs
from outlast.cli.problem import Problem
from outlast.cli.targets import AnyWorkflow
from outlast.errors import RunNotFoundError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class StartFlags:
    """How to start the run."""

    id: str | None = None
    """The id to give the run. If a run has it already, that run is meant and nothing is started."""
    key: str | None = None
    """An idempotency key: starting again with the same one gives the first run."""
    attribute: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = ()
    """An attribute to find the run by, NAME=VALUE. May be repeated."""
    queue: str | None = None
    """The queue to put the run into; 'default' by default."""
    priority: int | None = None
    """Runs of a higher priority are claimed first; 0 by default."""
    delay: str | None = None
    """When to begin: a length of time ('2h') or a date and time."""


AS_IT_IS: Final = StartFlags()
"""No flags given."""


async def begin(
    output: Output,
    app: OperatedApp[AnyRun],
    workflow: AnyWorkflow,
    tokens: Sequence[str],
    flags: StartFlags,
) -> AnyRun:
    """Start the run, or find the one that has the given id: then arguments may be left out."""
    if flags.id is not None:
        found = await _existing(app, flags.id, workflow)
        if found is not None:
            if tokens:
                output.note_line(
                    f"run {flags.id} exists already: nothing is started, and its arguments stay"
                )
            return found
    options = StartKeywords(
        run_id=flags.id,
        idempotency_key=flags.key,
        attributes=attribute_pairs(flags.attribute),
        queue=flags.queue,
        priority=flags.priority,
        delay=None if flags.delay is None else date_or_none(flags.delay) or flags.delay,
    )
    call = call_with(workflow, tokens)
    try:
        return await app.start(call, **options)
    except ValueError as error:
        raise Problem(str(error), hint="Nothing was started.") from error


async def _existing(app: OperatedApp[AnyRun], run_id: str, workflow: AnyWorkflow) -> AnyRun | None:
    run = run_of(app, run_id)
    try:
        info = await run.info()
    except RunNotFoundError:
        return None
    if info.workflow != workflow.name:
        raise Problem(
            f"run {run_id} is of the workflow {info.workflow!r}, not of {workflow.name!r}",
            hint=f"Name that workflow, or give another --id. See: outlast show {run_id}",
        )
    return run
