"""`outlast run`: start a run, follow it, and print its result."""

import asyncio
import shlex
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from outlast import App, RunStatus, WorkerOptions
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.logs import without_blocked_runs
from outlast.cli.output import Output
from outlast.cli.plain import value_text
from outlast.cli.render_run import RunView, headline, render_failure, timeline_table
from outlast.cli.start import start_only
from outlast.cli.starting import AS_IT_IS, StartFlags, begin
from outlast.cli.targets import find_workflow
from outlast.cli.texts import count
from outlast.cli.timeline import Timeline
from outlast.cli.times import current_time
from outlast.cli.watchers import watcher_for
from outlast.cli.watching import watch
from outlast.records import RunInfo


async def command(
    target: str,
    /,
    *args: Annotated[str, Parameter(allow_leading_hyphen=True)],
    detach: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    flags: StartFlags = AS_IT_IS,
    common: Common = DEFAULTS,
) -> int:
    """Start a run, execute it here, follow it, and print its result. Ctrl-C stops; the run is kept, and the
    command to go on with is printed. While it runs, this process also serves other due runs of the file's workflows.

    Parameters
    ----------
    target
        The workflow: FILE:WORKFLOW or MODULE:WORKFLOW. The name may be left out if there is one only.
    args
        Its arguments: values, and name=value or --name value. A value is JSON or a text. After `--` nothing is
        taken for an option of this command.
    detach
        Only start the run, print its id, and leave it to a worker.
    """
    if detach:
        return await start_only(target, args, flags, common)
    output = Output(common)
    with output.aside():
        workflow = find_workflow(target)
    watcher = watcher_for(output)
    options = WorkerOptions(queues=(flags.queue or "default",))
    with output.aside(), without_blocked_runs(), watcher.shown():
        async with App(common.url, options=options) as app:
            # From here on Ctrl-C is handled: before anything is started.
            serving = asyncio.create_task(app.serve(on_stopping=watcher.stopping))
            try:
                run = await begin(app, workflow, args, flags)
                if await run.status() is RunStatus.BLOCKED:
                    await run.wake()  # which tries it again
                over = await watch(run, watcher, serving)
            finally:
                serving.cancel()
            info, events = await run.info(), await run.events()
    if not over:
        return _stopped(output, info, target, common)
    _print_end(output, info, Timeline(events))
    return Exit.OK if info.status is RunStatus.COMPLETED else Exit.FAILED


def _print_end(output: Output, info: RunInfo, timeline: Timeline) -> None:
    view = RunView(info=info, timeline=timeline, now=current_time(), limit=30)
    ending = timeline.ending
    output.document({"run": info, "ending": ending})
    output.note(headline(view))
    if output.err.is_terminal:
        output.note(timeline_table(view))
    if info.problem:
        output.note(Text(info.problem, style="magenta"))
    if ending is not None and ending.error is not None:
        output.note(render_failure(ending.error))
    if ending is not None and ending.state == "completed":
        output.text(value_text(ending.result))
    else:
        output.note(Text(f"more: outlast show {info.id}", style="dim"))


def _stopped(output: Output, info: RunInfo, target: str, common: Common) -> Exit:
    world = [] if common.url is None else ["--url", common.url]
    again = shlex.join(["outlast", "run", target, "--id", info.id, *world])
    output.document({"run": info, "ending": None, "go_on": again})
    output.note(
        f"stopped; the run is kept as it is after {count(info.events, 'event')}. Go on with:"
    )
    output.note_line(f"  {again}", style="bold")
    return Exit.INTERRUPTED
