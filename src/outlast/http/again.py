"""The operations that start runs once more, and that act on several at once."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from outlast._api.rerunning import rerun
from outlast._api.runs import checked_run_id
from outlast._codec.plain import to_json
from outlast.errors import DecodeError, OutlastError, RequestError, WorldError
from outlast.http.access import Role
from outlast.http.bodies import (
    BulkCancelBody,
    BulkRerunBody,
    BulkResult,
    BulkResults,
    RerunBody,
    RunIds,
    StartBody,
)
from outlast.http.operations import Answer, Asked, Operation
from outlast.http.runs import run_of
from outlast.http.starting import start_run
from outlast.records import RunInfo


async def rerun_one(asked: Asked) -> Answer:
    """Durable on return."""
    body: RerunBody = asked.body
    old = run_of(asked)
    if body.args is None and body.kwargs is None:
        new_id = _checked(body.run_id)
        new = await asked.durably(rerun(asked.app.runtime, old.id, new_id=new_id))
    else:
        args, kwargs = _decoded(asked, body)
        info = await old.info()
        wanted = StartBody(
            workflow=info.workflow,
            args=args,
            kwargs=kwargs,
            run_id=body.run_id,
            attributes=info.attributes,
            priority=info.priority,
            queue=info.queue,
        )
        new = await asked.durably(start_run(asked.app, wanted))
    base = asked.request.url.path.rstrip("/").rpartition("/runs/")[0]
    return Answer(await new.info(), {"Location": quote(f"{base}/runs/{new.id}")})


def _decoded(asked: Asked, body: RerunBody) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The input has been taken from a log and changed: values that JSON has not are written there as the codec does."""
    try:
        args, kwargs = asked.app.runtime.codec.decode(to_json([body.args or (), body.kwargs or {}]))
    except DecodeError as error:
        raise RequestError(str(error), status=422) from error
    return tuple(args), kwargs


async def cancel_all(asked: Asked) -> BulkResults:
    """One after the other."""
    body: BulkCancelBody = asked.body

    async def cancel(run_id: str) -> BulkResult:
        done = await asked.durably(asked.app.get_run(run_id).cancel(body.reason))
        return BulkResult(run_id=run_id, done=done)

    return await _each(body.run_ids, cancel)


async def rerun_all(asked: Asked) -> BulkResults:
    """One after the other, each with its own input."""
    body: BulkRerunBody = asked.body

    async def again(run_id: str) -> BulkResult:
        new = await asked.durably(rerun(asked.app.runtime, checked_run_id(run_id)))
        return BulkResult(run_id=run_id, done=True, new=new.id)

    return await _each(body.run_ids, again)


async def _each(run_ids: RunIds, act: Callable[[str], Awaitable[BulkResult]]) -> BulkResults:
    """What cannot be done for one run does not keep the others from it. Raises `WorldError`."""
    results: list[BulkResult] = []
    for run_id in dict.fromkeys(run_ids):
        try:
            results.append(await act(run_id))
        except WorldError:
            raise
        except (OutlastError, ValueError) as error:
            results.append(BulkResult(run_id=run_id, done=False, problem=str(error)))
    return BulkResults(results=tuple(results))


def _checked(run_id: str | None) -> str | None:
    try:
        return None if run_id is None else checked_run_id(run_id)
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


OPERATIONS: Final = (
    Operation(
        id="rerunRun",
        summary="Start a run once more, with the same input or another",
        method="POST",
        path="/runs/{run_id}/rerun",
        run=rerun_one,
        body=RerunBody,
        result=RunInfo,
        status=201,
        role=Role.OPERATE,
        errors=(404,),
    ),
    Operation(
        id="cancelRuns",
        summary="Ask for several runs to be cancelled",
        method="POST",
        path="/bulk/cancel",
        run=cancel_all,
        body=BulkCancelBody,
        result=BulkResults,
        role=Role.OPERATE,
    ),
    Operation(
        id="rerunRuns",
        summary="Start several runs once more",
        method="POST",
        path="/bulk/rerun",
        run=rerun_all,
        body=BulkRerunBody,
        result=BulkResults,
        role=Role.OPERATE,
    ),
)
