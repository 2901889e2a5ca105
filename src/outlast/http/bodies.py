"""What requests carry and what answers say, beside the records of `outlast.records`."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

from outlast import RunStatus
from outlast.http.access import Role
from outlast.records import (
    EventRecord,
    RunInfo,
    StepRecord,
    StreamInfo,
    WorkerInfo,
    WorkflowInfo,
)
from outlast.world import RunOrder

AttributeValue: TypeAlias = str | int | float | bool | None
Position: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are meant; all of it must fit."""

    status: tuple[RunStatus, ...] = ()
    """Of one of these."""
    workflow: tuple[str, ...] = ()
    """Of one of these workflows."""
    version: tuple[str, ...] = ()
    """Started on one of these versions of the code."""
    attribute: tuple[str, ...] = ()
    """With each of these: NAME=VALUE, the value JSON or a text."""
    created_from: Moment | None = None
    """Created at this time or later."""
    created_to: Moment | None = None
    """Created before this time."""
    parent: str | None = None
    """Started by this run."""
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """In the id, the workflow or the attributes. A page looks at 5,000 runs: it may be short and have a cursor."""
    sort: RunOrder = RunOrder.NEWEST
    """By creation or, of what is over, by the end; with `-` the latest first."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    """The most runs to give."""


class ListQuery(Filters, frozen=True, kw_only=True):
    """Which page of runs is meant."""

    cursor: str | None = None
    """That of the page before."""


class FromQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where to begin."""

    start: Position = 0
    """The first position."""


class EventQuery(FromQuery, frozen=True, kw_only=True):
    """Which part of a log is meant."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    """The most events to give; all by default."""
    longest: Annotated[int, msgspec.Meta(ge=100)] | None = None
    """Values whose JSON has more bytes are cut: `{"$cut": BYTES, "head": "..."}`."""


class StepQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How steps are shown."""

    longest: Annotated[int, msgspec.Meta(ge=100)] | None = None
    """As with events."""


class WindowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A window of time, and in how many stretches."""

    created_from: Moment | None = None
    """A day before the end by default."""
    created_to: Moment | None = None
    """Now by default."""
    buckets: Annotated[int, msgspec.Meta(ge=1, le=200)] = 48


class StartBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run to start. The options are those of `outlast.start`."""

    workflow: str
    """Its name; see the list of workflows."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    run_id: str | None = None
    idempotency_key: str | None = None
    attributes: dict[str, AttributeValue] = {}
    priority: Annotated[int, msgspec.Meta(gt=-(2**31), lt=2**31)] | None = None
    queue: str | None = None
    delay: str | float | None = None
    """Seconds, a length of time such as `2h`, or a date and time with its offset."""
    version: str | None = None
    token: str | None = None
    """With `payload`: that goes to the live hook with this token, or else to the run, which is started."""
    payload: Any | msgspec.UnsetType = msgspec.UNSET


class CancelBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cancellation."""

    reason: str | None = None


class RerunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to start a run once more."""

    args: tuple[Any, ...] | None = None
    """With these or `kwargs`, another input, checked against the workflow; without both, that of the run. What JSON has
    not may be written as the log has it: `{"$type": "timedelta", "days": 1, "seconds": 0, "microseconds": 0}`."""
    kwargs: dict[str, Any] | None = None
    run_id: str | None = None
    """The id of the new run."""


RunIds: TypeAlias = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=500)]


class BulkCancelBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs to cancel."""

    run_ids: RunIds
    reason: str | None = None


class BulkRerunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs to start once more."""

    run_ids: RunIds


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of several runs."""

    run_id: str
    done: bool
    """False if nothing was to be done, or it could not be."""
    new: str | None = None
    """The id of the new run."""
    problem: str | None = None
    """Why it could not be done."""


class BulkResults(msgspec.Struct, frozen=True, kw_only=True):
    """What came of several runs, in the order asked for."""

    results: tuple[BulkResult, ...]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and whom."""

    role: Role
    """What whoever sent the request may do."""
    world: str
    """The URL of the world, without secrets."""
    library: str
    """The version of the library."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an act."""

    done: bool
    """False if the run was over already."""
    run: RunInfo
    """The run after it."""


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a log."""

    events: tuple[EventRecord, ...]
    next: int | None = None
    """Where the next part begins; `None` if there was nothing more."""


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a run."""

    steps: tuple[StepRecord, ...]


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """The streams of a run."""

    streams: tuple[StreamInfo, ...]


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """The workers."""

    workers: tuple[WorkerInfo, ...]


class Workflows(msgspec.Struct, frozen=True, kw_only=True):
    """The workflows of the serving process and of the workers."""

    workflows: tuple[WorkflowInfo, ...]
