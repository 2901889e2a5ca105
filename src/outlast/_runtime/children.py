"""Starting child runs, and asking them to end."""

import msgspec

from outlast._codec import encode_event
from outlast._engine.commands import CancelChild, StartChild
from outlast._ids import new_key, new_secret
from outlast._model.events import CancelRequested, ChildStarted, RunCreated
from outlast._model.runs import Parent, RunRecord
from outlast.world import Append, RunDraft


def child_draft(
    parent: RunRecord, command: StartChild, *, version: str, trace: str = ""
) -> RunDraft:
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
        secret=new_secret(),
        trace=trace,
        delay=request.delay,
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


def child_started(command: StartChild) -> ChildStarted:
    """The event that goes with the child's creation into the log of its parent."""
    request = command.request
    return ChildStarted(
        id=command.ref,
        workflow=request.workflow,
        digest=request.digest,
        run_id=command.run_id,
        detached=request.detached,
        line=command.line,
    )


def child_cancellation(parent: RunRecord, command: CancelChild) -> Append:
    """What asks a child to end."""
    reason = f"its parent {parent.id} does not wait for it any more"
    event = CancelRequested(reason=reason, key=new_key())
    return Append(run_id=command.run_id, events=(encode_event(event),))
