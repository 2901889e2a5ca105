"""The operations on runs."""

from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from outlast import Run
from outlast._api.inspecting import event_page
from outlast._api.listing import RunFilters
from outlast.errors import RequestError
from outlast.http.access import Role
from outlast.http.bodies import (
    AttributeValue,
    CancelBody,
    Done,
    EventQuery,
    Events,
    Filters,
    FromQuery,
    ListQuery,
    StartBody,
    StepQuery,
    Steps,
)
from outlast.http.cutting import cut_event, cut_step
from outlast.http.feeds import EVENTS, Feed, event
from outlast.http.operations import Answer, Asked, Operation
from outlast.http.starting import start_run
from outlast.records import EventRecord, RunInfo, RunPage


async def list_runs(asked: Asked) -> RunPage:
    """A page, newest first."""
    query: ListQuery = asked.query
    filters = _filters(query)
    filters["cursor"] = query.cursor
    try:
        return await asked.app.list_runs(**filters)
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


async def start(asked: Asked) -> Answer:
    """Durable on return."""
    body: StartBody = asked.body
    run = await asked.durably(start_run(asked.app, body))
    location = f"{asked.request.url.path.rstrip('/')}/{run.id}"
    return Answer(await run.info(), {"Location": quote(location)})


async def show(asked: Asked) -> RunInfo:
    """As it stands."""
    return await run_of(asked).info()


async def events(asked: Asked) -> Events:
    """From a position on."""
    query: EventQuery = asked.query
    limit = None if query.limit is None else query.limit + 1
    found = await event_page(asked.app.runtime, run_of(asked).id, query.start, limit)
    page = found if query.limit is None else found[: query.limit]
    return Events(
        events=tuple(cut_event(seen_by(asked.role, one), query.longest) for one in page),
        next=page[-1].position + 1 if len(found) > len(page) else None,
    )


async def follow(asked: Asked) -> Feed:
    """The log as it grows; the id of an event is its position."""
    query: FromQuery = asked.query
    run = run_of(asked)
    await run.info()
    start = last_event_id(asked, query.start)
    return Feed(_log(run, start, asked.role), asked.readers)


async def changes(asked: Asked) -> Feed:
    """The page of runs, then whatever changes in it; or that alone, after the event that was got last."""
    query: Filters = asked.query
    last = asked.request.headers.get("last-event-id")
    return Feed(await asked.watcher.changes(_filters(query), query, last), asked.readers)


async def steps(asked: Asked) -> Steps:
    """In the order in which they were first recorded."""
    query: StepQuery = asked.query
    return Steps(steps=tuple(cut_step(one, query.longest) for one in await run_of(asked).steps()))


async def cancel(asked: Asked) -> Done:
    """Durable on return."""
    body: CancelBody = asked.body
    run = run_of(asked)
    return Done(done=await asked.durably(run.cancel(body.reason)), run=await run.info())


async def wake(asked: Asked) -> Done:
    """Durable on return."""
    run = run_of(asked)
    return Done(done=await asked.durably(run.wake()), run=await run.info())


def run_of(asked: Asked) -> Run[Any]:
    """The run that the path names. Raises `RequestError` for what cannot be an id."""
    try:
        return asked.app.get_run(asked.text("run_id"))
    except ValueError as error:
        raise RequestError(str(error), status=404) from error


def last_event_id(asked: Asked, start: int) -> int:
    """Where a reader goes on that comes back; otherwise where it asked to begin. Raises `RequestError`."""
    given = asked.request.headers.get("last-event-id", "").strip()
    if not given:
        return start
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        raise RequestError("Last-Event-ID: it must be the id of an event of this feed")
    return int(given) + 1


async def _log(run: Run[Any], start: int, role: Role) -> AsyncGenerator[bytes]:
    async for one in run.follow(start):
        yield event(msgspec.json.encode(seen_by(role, one)), id=str(one.position))
    yield event(msgspec.json.encode(await run.info()), name="end")


def seen_by(role: Role, one: EventRecord) -> EventRecord:
    """An event without the token of its hook, for those who may not resume it."""
    if role is Role.OPERATE or not one.kind.startswith("hook_") or "token" not in one.data:
        return one
    data = {name: value for name, value in one.data.items() if name != "token"}
    return msgspec.structs.replace(one, data=data)


def _filters(query: Filters) -> RunFilters:
    filters = RunFilters(
        status=query.status,
        workflow=query.workflow,
        version=query.version,
        sort=query.sort,
        limit=query.limit,
        attributes=_attributes(query),
    )
    if query.created_from is not None:
        filters["created_from"] = query.created_from
    if query.created_to is not None:
        filters["created_to"] = query.created_to
    if query.text is not None:
        filters["text"] = query.text
    if query.parent is not None:
        filters["parent"] = query.parent
    return filters


def _attributes(query: Filters) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for pair in query.attribute:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise RequestError(f"attribute: write NAME=VALUE, not {pair!r}", status=422)
        found[name] = _value(text)
    return found


def _value(text: str) -> AttributeValue:
    try:
        value: AttributeValue = msgspec.json.decode(text, type=AttributeValue)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    return value


OPERATIONS: Final = (
    Operation(
        id="listRuns",
        summary="List runs, newest first",
        method="GET",
        path="/runs",
        run=list_runs,
        query=ListQuery,
        result=RunPage,
    ),
    Operation(
        id="startRun",
        summary="Start a run, or find the one that has this id or key",
        method="POST",
        path="/runs",
        run=start,
        body=StartBody,
        result=RunInfo,
        status=201,
        role=Role.OPERATE,
        errors=(404,),
    ),
    Operation(
        id="watchRuns",
        summary="The page of runs, then each run of it that is new or has changed; resumes after Last-Event-ID",
        method="GET",
        path="/feed",
        run=changes,
        query=Filters,
        result=RunInfo,
        media=(EVENTS,),
    ),
    Operation(
        id="showRun",
        summary="Show a run",
        method="GET",
        path="/runs/{run_id}",
        run=show,
        result=RunInfo,
        errors=(404,),
    ),
    Operation(
        id="listEvents",
        summary="The log of a run",
        method="GET",
        path="/runs/{run_id}/events",
        run=events,
        query=EventQuery,
        result=Events,
        errors=(404,),
    ),
    Operation(
        id="followRun",
        summary="The log of a run as it grows, until the run is over; resumes after Last-Event-ID",
        method="GET",
        path="/runs/{run_id}/feed",
        run=follow,
        query=FromQuery,
        result=EventRecord,
        media=(EVENTS,),
        errors=(404,),
    ),
    Operation(
        id="listSteps",
        summary="The steps of a run, with their attempts",
        method="GET",
        path="/runs/{run_id}/steps",
        run=steps,
        query=StepQuery,
        result=Steps,
        errors=(404,),
    ),
    Operation(
        id="cancelRun",
        summary="Ask for a run to be cancelled",
        method="POST",
        path="/runs/{run_id}/cancel",
        run=cancel,
        body=CancelBody,
        result=Done,
        role=Role.OPERATE,
        errors=(404,),
    ),
    Operation(
        id="wakeRun",
        summary="End the sleeps of a run now, or try a blocked one again",
        method="POST",
        path="/runs/{run_id}/wake",
        run=wake,
        result=Done,
        role=Role.OPERATE,
        errors=(404,),
    ),
)
