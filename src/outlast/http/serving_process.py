"""The operations on the serving process and its fellows."""

from importlib.metadata import version
from typing import Final

from outlast._api.inspecting import overview, workflow_stats
from outlast.errors import RequestError
from outlast.http.bodies import Me, WindowQuery, Workers, Workflows
from outlast.http.operations import Asked, Operation
from outlast.http.starting import workflows_told
from outlast.records import Overview, WorkflowStats


async def list_workers(asked: Asked) -> Workers:
    """Oldest first."""
    return Workers(workers=await asked.app.workers())


async def list_workflows(asked: Asked) -> Workflows:
    """By name."""
    return Workflows(workflows=await workflows_told(asked.app))


async def tell_stats(asked: Asked) -> WorkflowStats:
    """Of a bounded sample."""
    return await workflow_stats(asked.app.runtime, asked.text("workflow"))


async def tell_overview(asked: Asked) -> Overview:
    """Counted to a limit."""
    query: WindowQuery = asked.query
    try:
        return await overview(
            asked.app.runtime, query.created_from, query.created_to, query.buckets
        )
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


async def tell_role(asked: Asked) -> Me:
    """What buttons may be there."""
    return Me(role=asked.role, world=asked.app.url, library=version("outlast"))


OPERATIONS: Final = (
    Operation(
        id="listWorkers",
        summary="The workers that serve this world",
        method="GET",
        path="/workers",
        run=list_workers,
        result=Workers,
    ),
    Operation(
        id="listWorkflows",
        summary="The workflows that this process and the workers have, with what they take",
        method="GET",
        path="/workflows",
        run=list_workflows,
        result=Workflows,
    ),
    Operation(
        id="workflowStats",
        summary="How the latest runs of a workflow went: success, percentiles, the slowest steps",
        method="GET",
        path="/workflows/{workflow:path}/stats",
        run=tell_stats,
        result=WorkflowStats,
    ),
    Operation(
        id="overview",
        summary="How many runs there are by status, and what became of them over time",
        method="GET",
        path="/overview",
        run=tell_overview,
        query=WindowQuery,
        result=Overview,
    ),
    Operation(
        id="me",
        summary="What role the one who asks has",
        method="GET",
        path="/me",
        run=tell_role,
        result=Me,
    ),
)
