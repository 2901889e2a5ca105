"""Starting runs over HTTP, and telling which workflows there are."""

import inspect
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from pydantic import ConfigDict, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from outlast import App, Run, Workflow
from outlast._api.inspection import workflows
from outlast.errors import InvalidDurationError, RequestError, WorkflowNotFoundError
from outlast.http.bodies import StartBody, WorkflowEntry

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
        )
    except ValueError as error:
        raise RequestError(str(error), status=422) from error


def workflow_entries() -> tuple[WorkflowEntry, ...]:
    """All workflows of this process, by name."""
    return tuple(
        WorkflowEntry(
            name=one.name,
            signature=str(inspect.signature(one.fn)),
            doc=inspect.getdoc(one.fn) or "",
            input=input_schema(one.fn),
        )
        for one in workflows()
    )


@lru_cache(maxsize=1_000)
def input_schema(fn: Any) -> dict[str, Any] | None:
    """The JSON Schema of a function's arguments; `None` where a type has none, or they have no names."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(fn, config=ConfigDict(arbitrary_types_allowed=True))
        return adapter.json_schema()
    except (PydanticInvalidForJsonSchema, PydanticUserError, NameError):
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
