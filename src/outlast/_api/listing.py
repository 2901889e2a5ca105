"""Finding runs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypedDict, Unpack, cast

import msgspec

from outlast._api.ambient import ambient_app
from outlast._api.attributes import checked_attributes, is_encodable
from outlast._api.reading import run_info
from outlast._api.runs import Run, checked_run_id
from outlast._model.runs import AttributeValue, RunStatus
from outlast._registry.durations import to_micros
from outlast._runtime.runtime import Runtime
from outlast.records import RunPage
from outlast.world import RunFilter, RunOrder
from outlast.world import RunPage as Page

_LARGEST: Final = 1_000_000
"""The most runs of a page: no database counts further than its integers reach, and the cursor goes on."""


class RunFilters(TypedDict, total=False):
    """What `list_runs` takes; all of it must fit.

    For a page no more than 5,000 runs are looked at, or as many as the rarest of the things that are asked for has. So
    a page may be short, or empty, and yet have a cursor, which goes on looking: the last page has none.
    """

    status: RunStatus | str | Sequence[RunStatus | str]
    """One status or several."""
    workflow: str | Sequence[str]
    """One name or several."""
    version: str | Sequence[str]
    """One version of the code that they started on, or several."""
    attributes: Mapping[str, AttributeValue]
    """All of these must be equal."""
    created_from: datetime
    """Created at this time or later; aware."""
    created_to: datetime
    """Created before this time; aware."""
    parent: str
    """The id of the run that started them."""
    text: str
    """In the id, the workflow's name, or the names and values of attributes, without regard to case. The whole id
    of a run finds it alone, however old."""
    sort: RunOrder | str
    """`-created` (newest first, the default), `created`, `-ended` or `ended`: then only of what is over."""
    limit: int
    """The most runs to give; 100 by default."""
    cursor: str | None
    """That of the page before."""


def get_run(run_id: str) -> Run[Any]:
    """A handle on a run. It need not exist: the handle's methods raise `RunNotFoundError` then.

    Raises `ValueError` for a text that no run can have as its id.
    """
    return Run(checked_run_id(run_id), lambda: ambient_app("get_run()").runtime)


async def list_runs(**filters: Unpack[RunFilters]) -> RunPage:
    """A page of runs of the ambient app, newest first. For the filters see `RunFilters`.

    Raises:
        NoAppError: No app is open.
        NotAllowedHereError: In a workflow; list runs in a step.
        ValueError: An unknown status, a filter that cannot be one, or a cursor of another list.
    """
    return await find_runs(ambient_app("list_runs()").runtime, filters)


async def find_runs(runtime: Runtime, filters: RunFilters) -> RunPage:
    """A page of runs of an app."""
    if unknown := sorted(set(filters) - set(RunFilters.__annotations__)):
        message = f"list_runs() has no filter {unknown[0]!r}; it has {', '.join(RunFilters.__annotations__)}"
        raise TypeError(message)
    run_filter = RunFilter(
        statuses=tuple(status_of(one) for one in _texts("status", filters.get("status", ()))),
        workflows=_texts("workflow", filters.get("workflow", ())),
        versions=_texts("version", filters.get("version", ())),
        attributes=checked_attributes(filters.get("attributes")),
        created_from=_micros("created_from", filters.get("created_from")),
        created_to=_micros("created_to", filters.get("created_to")),
        parent=next(iter(_texts("parent", filters.get("parent", ()))), None),
        text=next(iter(_texts("text", filters.get("text", ()))), ""),
        order=_order(filters.get("sort", RunOrder.NEWEST)),
    )
    find, limit, cursor = (
        runtime.world.listing.find,
        _limit(filters.get("limit", 100)),
        filters.get("cursor"),
    )
    page = Page((), None)
    if run_filter.text and cursor is None:
        page = await find(msgspec.structs.replace(run_filter, ids=(run_filter.text,)), limit=1)
    if not page.runs:
        page = await find(run_filter, limit=limit, cursor=cursor)
    return RunPage(runs=tuple(run_info(run) for run in page.runs), cursor=page.cursor)


def several(value: Any) -> Sequence[Any]:
    """One or several, as several."""
    return (value,) if isinstance(value, str) else value


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """For users without a type checker."""
    given: Any = () if value is None else several(value)
    several_given = cast("Iterable[object]", given) if isinstance(given, Iterable) else (given,)
    texts: list[str] = []
    for one in several_given:
        if not isinstance(one, str):
            message = f"{name} = {value!r}: it is a text, or several"
            raise ValueError(message)  # noqa: TRY004 - as for other filters
        if not is_encodable(one):
            message = f"{name} = {one!a}: it has half a character, a lone surrogate"
            raise ValueError(message)
        texts.append(one)
    return tuple(texts)


def _micros(name: str, moment: object) -> int | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        message = f"{name} = {moment!r}: it is a datetime with a time zone"
        raise ValueError(message)
    return to_micros(moment)


def _order(sort: str) -> RunOrder:
    try:
        return RunOrder(sort)
    except ValueError:
        message = f"{sort!r} is no order; these are: {', '.join(RunOrder)}"
        raise ValueError(message) from None


def _limit(limit: object) -> int:
    if type(limit) is not int or limit < 1:
        message = f"limit = {limit!r}: it is a whole number from 1 on"
        raise ValueError(message)
    return min(limit, _LARGEST)


def status_of(name: str) -> RunStatus:
    """The status of that name. Raises `ValueError` that lists them."""
    try:
        return RunStatus(name)
    except ValueError:
        message = f"{name!r} is no status; these are: {', '.join(RunStatus)}"
        raise ValueError(message) from None
