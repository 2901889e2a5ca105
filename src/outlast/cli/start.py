"""`outlast start`: start a run and leave it to a worker."""

import shlex
from typing import Annotated, Final

from cyclopts import Parameter
from rich.text import Text

from outlast._api.settings import find_url
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.looking import operated
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.starting import AS_IT_IS, StartFlags, begin
from outlast.cli.targets import find_workflow

IN_MEMORY: Final = "memory://"
_DEFAULT: Final = "default"
"""The queue that a worker serves if it is told none."""


async def command(
    target: str,
    /,
    *args: Annotated[str, Parameter(allow_leading_hyphen=True)],
    flags: StartFlags = AS_IT_IS,
    common: Common = DEFAULTS,
) -> int:
    """Start a run and print its id. A worker executes it: outlast worker FILE.

    Parameters
    ----------
    target
        The workflow: FILE:WORKFLOW or MODULE:WORKFLOW. The name may be left out if there is one only.
    args
        Its arguments: values, and name=value or --name value. A value is JSON or a text. After `--` nothing is
        taken for an option of this command.
    """
    return await start_only(target, args, flags, common)


async def start_only(target: str, args: tuple[str, ...], flags: StartFlags, common: Common) -> int:
    """Start, print the id, and say who will execute it."""
    output = Output(common)
    if find_url(common.url) == IN_MEMORY:
        raise Problem(
            "a run in memory is gone when this command ends",
            hint="Use a database (--url sqlite:///FILE.db), or execute the run here: outlast run.",
        )
    with output.aside():
        workflow = find_workflow(target)
    async with operated(common, make=True) as app:
        run = await begin(output, app, workflow, args, flags)
        info = await run.info()
        workers = await app.workers()
    output.text(run.id)
    output.document({"run": info})
    if info.ended_at is None and not any(info.queue in worker.queues for worker in workers):
        output.note(Text(_no_worker(info.queue, target), style="dim"))
    return Exit.OK


def _no_worker(queue: str, target: str) -> str:
    """How to start one that serves the queue."""
    source = target.rpartition(":")[0] or target
    if queue == _DEFAULT:
        return f"no worker serves this database: outlast worker {source}"
    return f"no worker serves queue {queue}: outlast worker {source} --queue {shlex.quote(queue)}"
