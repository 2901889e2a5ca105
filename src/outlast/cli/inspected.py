"""What only tools ask of an app: the public `App` has no method for it, the remote one does."""

from typing import TYPE_CHECKING, Any, cast

from outlast import App
from outlast._api.inspecting import overview, workflow_infos, workflow_stats
from outlast.cli.operated import OperatedApp
from outlast.records import Overview, WorkflowInfo, WorkflowStats

if TYPE_CHECKING:
    from outlast.http import RemoteApp  # needs an extra


async def workflows_of(app: OperatedApp[Any]) -> tuple[WorkflowInfo, ...]:
    """The workflows that are served, by name."""
    if isinstance(app, App):
        return await workflow_infos(app.runtime)
    return await cast("RemoteApp", app).workflows()


async def stats_of(app: OperatedApp[Any], name: str) -> WorkflowStats:
    """How the latest runs of a workflow went."""
    if isinstance(app, App):
        return await workflow_stats(app.runtime, name)
    return await cast("RemoteApp", app).workflow_stats(name)


async def overview_of(app: OperatedApp[Any]) -> Overview:
    """How many runs there are of each status, up to a limit."""
    if isinstance(app, App):
        return await overview(app.runtime)
    return await cast("RemoteApp", app).overview()
