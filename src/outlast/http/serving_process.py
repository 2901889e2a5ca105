"""The operations on the serving process and its fellows."""

from typing import Final

from outlast.http.bodies import Workers, Workflows
from outlast.http.operations import Asked, Operation
from outlast.http.starting import workflow_entries


async def list_workers(asked: Asked) -> Workers:
    """Oldest first."""
    return Workers(workers=await asked.app.workers())


async def list_workflows(_asked: Asked) -> Workflows:
    """By name."""
    return Workflows(workflows=workflow_entries())


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
        summary="The workflows that can be started here, with what they take",
        method="GET",
        path="/workflows",
        run=list_workflows,
        result=Workflows,
    ),
)
