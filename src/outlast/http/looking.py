"""The operations that show more of a run: its family, its source, single events."""

from typing import Any, Final

import msgspec
from starlette.responses import Response

from outlast._api.inspecting import event_page, run_source, run_tree
from outlast.errors import RequestError
from outlast.http.operations import Asked, Operation
from outlast.http.runs import run_of, seen_by
from outlast.records import EventRecord, RunSource, RunTree


async def tree(asked: Asked) -> RunTree:
    """Parents first."""
    return await run_tree(asked.app.runtime, run_of(asked).id)


async def source(asked: Asked) -> RunSource:
    """As it was."""
    run = run_of(asked)
    found = await run_source(asked.app.runtime, run.id)
    if found is None:
        raise RequestError(f"nobody has kept the source of the run {run.id!r}", status=404)
    return found


async def show_event(asked: Asked) -> EventRecord:
    """Whole, however long."""
    return await _event(asked)


async def download(asked: Asked) -> Response:
    """As a file, so that no browser shows it."""
    one, name = await _event(asked), asked.text("field")
    if name not in one.data:
        raise RequestError(f"the event {one.position} has no {name!r}", status=404)
    return Response(
        msgspec.json.encode(one.data[name]),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="payload.json"'},
    )


async def _event(asked: Asked) -> EventRecord:
    text = asked.text("position")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise RequestError(f"{text!r} is no position of a log", status=404)
    found = await event_page(asked.app.runtime, run_of(asked).id, int(text), 1)
    if not found:
        raise RequestError(f"the log has no event {text}", status=404)
    return seen_by(asked.role, found[0])


OPERATIONS: Final = (
    Operation(
        id="showTree",
        summary="A run with its parents and children",
        method="GET",
        path="/runs/{run_id}/tree",
        run=tree,
        result=RunTree,
        errors=(404,),
    ),
    Operation(
        id="showSource",
        summary="The source of a run's workflow as it was when the run started, and where it stands",
        method="GET",
        path="/runs/{run_id}/source",
        run=source,
        result=RunSource,
        errors=(404,),
    ),
    Operation(
        id="showEvent",
        summary="One event of a run",
        method="GET",
        path="/runs/{run_id}/events/{position}",
        run=show_event,
        result=EventRecord,
        errors=(404,),
    ),
    Operation(
        id="downloadValue",
        summary="One value of an event's data, as a file",
        method="GET",
        path="/runs/{run_id}/events/{position}/{field}",
        run=download,
        result=Any,
        errors=(404,),
    ),
)
