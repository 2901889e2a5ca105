"""`outlast workflows`: what workflows there are, and how they go."""

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.following import Follow, Followed, show_list
from outlast.cli.inspected import stats_of, workflows_of
from outlast.cli.looking import no_database, operated
from outlast.cli.operated import OperatedApp, OperatedRun
from outlast.cli.output import Output
from outlast.cli.problem import Problem
from outlast.cli.render_workflows import render_workflow, workflows_table
from outlast.records import WorkflowInfo


async def command(
    name: str | None = None, /, *, follow: Follow = False, common: Common = DEFAULTS
) -> int:
    """List the workflows that workers serve. Of one: its signature, how its latest runs went, and its slowest steps.

    Parameters
    ----------
    name
        The name of a workflow, to see how it goes.
    follow
        Show them as workers come and go. With --json, one JSON document a line.
    """
    output = Output(common)
    if missing := await no_database(common):
        output.document({"workflows": []})
        output.note_line(missing)
        return Exit.OK
    async with operated(common) as app:
        if name is not None:
            await _show(output, app, name)
            return Exit.OK
        listed = Followed[WorkflowInfo](
            look=lambda: workflows_of(app),
            table=workflows_table,
            empty=f"no worker has told of workflows in {app.url}; start one: outlast worker FILE",
            key=lambda workflow: workflow.name,
            tells=lambda workflow: (workflow.versions, workflow.queues),
            document=lambda workflows: {"workflows": workflows},
        )
        await show_list(output, listed, follow=follow)
    return Exit.OK


async def _show(output: Output, app: OperatedApp[OperatedRun], name: str) -> None:
    found = next((one for one in await workflows_of(app) if one.name == name), None)
    stats = await stats_of(app, name)
    if found is None and not stats.of:
        raise Problem(
            f"there is no workflow {name!r}, nor a run of one",
            hint="See which there are: outlast workflows",
            exit_code=Exit.NOT_FOUND,
            kind="workflow-not-found",
        )
    output.document({"workflow": found, "stats": stats})
    output.show(render_workflow(found, stats))
