"""Starting a run once more."""

from typing import Any

from outlast._api.ambient import while_open
from outlast._api.runs import Run
from outlast._api.starting import check_same_workflow, told_of
from outlast._codec import decode_event, encode_event
from outlast._ids import new_run_id, new_secret
from outlast._model.events import RunCreated
from outlast._runtime.runtime import Runtime
from outlast.errors import RunNotFoundError
from outlast.world import RunDraft


async def rerun(runtime: Runtime, run_id: str, *, new_id: str | None = None) -> Run[Any]:
    """A new run with the input, attributes, queue and priority that a run had when it was created; durable on
    return. The input is copied as it was recorded: none of its classes need be known here. It has no parent, and
    is recorded with this process's version where that has the workflow, otherwise with the old one's.

    With the id of a run that exists, that run is given and nothing started, as `start` does. Raises
    `RunNotFoundError`, and `InvalidArgumentsError` if that run is another workflow's.
    """
    record = await runtime.world.listing.get(run_id)
    log = await runtime.world.log.read(run_id, limit=1)
    if record is None or not log:
        raise RunNotFoundError(run_id)
    first = decode_event(log[0]).event
    assert isinstance(first, RunCreated)  # noqa: S101 - it is always at position 0
    known = runtime.registry.workflow(record.workflow) is not None
    new_id = new_id or new_run_id(runtime.clock.now())
    starting = runtime.observers.starting(new_id, record.workflow)
    created = RunCreated(
        workflow=record.workflow,
        version=runtime.version if known else record.version,
        input=first.input,
        attributes=first.attributes,
        secret=new_secret(),
        trace=starting.trace,
    )
    draft = RunDraft(
        id=new_id,
        workflow=created.workflow,
        version=created.version,
        queue=record.queue,
        priority=record.priority,
        attributes=created.attributes,
        delay=0,
        created=encode_event(created),
    )
    answer = await told_of(starting, runtime.create(draft, created))
    if not answer.new:
        await check_same_workflow(runtime, answer.run_id, record.workflow)
    return Run(answer.run_id, lambda: while_open(runtime, "this run"))
