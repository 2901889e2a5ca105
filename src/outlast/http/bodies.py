"""What requests carry and what answers say, beside the records of `outlast.records`."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec

from outlast import RunStatus
from outlast.records import EventRecord, RunInfo, StepRecord, StreamInfo, WorkerInfo

AttributeValue: TypeAlias = str | int | float | bool | None
Position: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs are meant; all of it must fit."""

    status: tuple[RunStatus, ...] = ()
    """Of one of these."""
    workflow: tuple[str, ...] = ()
    """Of one of these workflows."""
    attribute: tuple[str, ...] = ()
    """With each of these: NAME=VALUE, the value JSON or a text."""
    created_from: Moment | None = None
    """Created at this time or later."""
    created_to: Moment | None = None
    """Created before this time."""
    parent: str | None = None
    """Started by this run."""
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


class CancelBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cancellation."""

    reason: str | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an act."""

    done: bool
    """False if the run was over already."""
    run: RunInfo
    """The run after it."""


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a log."""

    events: tuple[EventRecord, ...]


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a run."""

    steps: tuple[StepRecord, ...]


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """The streams of a run."""

    streams: tuple[StreamInfo, ...]


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """The workers."""

    workers: tuple[WorkerInfo, ...]


class WorkflowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow that can be started here."""

    name: str
    signature: str
    doc: str
    input: dict[str, Any] | None
    """The JSON Schema of its arguments by name; `None` where they have none."""


class Workflows(msgspec.Struct, frozen=True, kw_only=True):
    """The workflows of the serving process."""

    workflows: tuple[WorkflowEntry, ...]
