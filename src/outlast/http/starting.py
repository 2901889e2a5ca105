"""Starting runs over HTTP, and telling which workflows there are."""

from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from pydantic import ConfigDict, TypeAdapter

from outlast import App, Run, Workflow
from outlast._api.inspecting import workflow_infos
from outlast._api.inspection import workflows
from outlast._api.resuming import NO_PAYLOAD
from outlast.errors import InvalidDurationError, RequestError, WorkflowNotFoundError
from outlast.http.bodies import StartBody
from outlast.records import WorkflowInfo

AnyWorkflow: TypeAlias = Workflow[..., Any]


async def start_run(app: App, body: StartBody) -> Run[Any]:
    """Start the run, its arguments validated. See `outlast.start` for what is raised; `ValueError` becomes
    `RequestError`."""
    found = next((one for one in workflows() if one.name == body.workflow), None)
    if found is None:
        raise WorkflowNotFoundError(body.workflow)
    call = found(*body.args, **body.kwargs)
    try:
        return await app.start(
            call,
            run_id=body.run_id,
            idempotency_key=body.idempotency_key,
            attributes=body.attributes,
            priority=body.priority,
            queue=body.queue,
            delay=_delay(body.delay),
            version=body.version,
            token=body.token,
            payload=NO_PAYLOAD if body.payload is msgspec.UNSET else body.payload,
        )
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


async def workflows_told(app: App) -> tuple[WorkflowInfo, ...]:
    """All workflows that are served, by name; those of this process with what they take."""
    functions = {one.name: one.fn for one in workflows()}
    return tuple(
        msgspec.structs.replace(
            one, input=input_schema(functions[one.name]) if one.name in functions else None
        )
        for one in await workflow_infos(app.runtime)
    )


@lru_cache(maxsize=1_000)
def input_schema(fn: Any) -> dict[str, Any] | None:
    """The JSON Schema of a function's arguments; `None` where a type has none, or they have no names, or pydantic
    refuses them: then starting it says so."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(fn, config=ConfigDict(arbitrary_types_allowed=True))
        return adapter.json_schema()
    except Exception:  # noqa: BLE001 - pydantic's own and, for metadata that does not fit its type, any
        return None


def _delay(given: str | float | None) -> str | float | datetime | None:
    if not isinstance(given, str):
        return given
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        return given
    if moment.tzinfo is None:
        raise InvalidDurationError(given, "a date and time needs its offset")
    return moment
