"""Making the rows of child runs."""

import msgspec

from outlast._codec import encode_event
from outlast._engine.commands import StartChild
from outlast._model.events import RunCreated
from outlast._model.runs import Parent, RunRecord
from outlast.world import RunDraft


def child_draft(parent: RunRecord, command: StartChild, *, version: str) -> RunDraft:
    """The child that a run asks for. Queue and priority are the parent's unless it says otherwise."""
    request = command.request
    link = Parent(parent.id, command.ref, request.detached)
    version = request.version or version
    created = RunCreated(
        workflow=request.workflow,
        version=version,
        input=msgspec.Raw(request.input),
        attributes=request.attributes,
        parent=link,
    )
    return RunDraft(
        id=command.run_id,
        workflow=request.workflow,
        version=version,
        queue=parent.queue if request.queue is None else request.queue,
        priority=parent.priority if request.priority is None else request.priority,
        attributes=request.attributes,
        delay=request.delay,
        created=encode_event(created),
        parent=link,
        idempotency_key=request.idempotency_key,
    )
