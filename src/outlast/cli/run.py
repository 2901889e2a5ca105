"""`outlast run`: start a run, follow it, and print its result."""

import asyncio
import os
import shlex
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from outlast import App, RunStatus, WorkerOptions
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.logs import without_blocked_runs
from outlast.cli.looking import need_database
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
    need_database(
        common, f"Start it there: outlast start {target} ..., then: outlast events --follow"
    )
    output = Output(common)
    with output.aside():
        workflow = find_workflow(target)
    watcher, leaving = watcher_for(output), Leaving(output, target, common)
    options = WorkerOptions(queues=(flags.queue or "default",))
    with output.aside(), without_blocked_runs(), watcher.shown():
        async with App(common.url, options=options) as app:
            # From here on Ctrl-C is handled: before anything is started.
            serving = asyncio.create_task(
                app.serve(on_stopping=watcher.stopping, on_stopped_at_once=leaving.at_once)
            )
            try:
                run = await begin(output, app, workflow, args, flags)
                leaving.info = await run.info()
                if leaving.info.status is RunStatus.BLOCKED:
                    await run.wake()  # which tries it again
                over = await watch(run, watcher, serving)
            finally:
                serving.cancel()
            info, events = await run.info(), await run.events()
    # It may also have come to its end while what was in flight had its grace period.
    if not over and info.ended_at is None:
        return leaving.stopped(info)
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


class Leaving:
    """How to go on with a run that this process leaves."""

    def __init__(self, output: Output, target: str, common: Common) -> None:
        self._output, self._target, self._common = output, target, common
        self.info: RunInfo | None = None
        """The run, as soon as there is one."""

    def stopped(self, info: RunInfo) -> Exit:
        """After the first Ctrl-C: what was in flight is done, or its time was up."""
        again = self._again(info)
        self._output.document({"run": info, "ending": None, "go_on": again})
        self._output.note(
            f"stopped; the run is kept as it is after {count(info.events, 'event')}. Go on with:"
        )
        self._output.note_line(f"  {again}", style="bold")
        return Exit.INTERRUPTED

    def at_once(self) -> None:
        """After the second one, in its signal handler: what was being printed is broken off."""
        if self.info is None:
            os.write(2, b"stopped at once\n")
            return
        again = self._again(self.info)
        self._output.document({"run": self.info, "ending": None, "go_on": again})
        if not self._output.json:
            said = "stopped at once; what was in flight will be done again. Go on with:"
            os.write(2, f"{said}\n  {again}\n".encode())

    def _again(self, info: RunInfo) -> str:
        world = [] if self._common.url is None else ["--url", self._common.url]
        return shlex.join(["outlast", "run", self._target, "--id", info.id, *world])
