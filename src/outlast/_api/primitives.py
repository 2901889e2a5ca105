"""What workflow and step code calls: sleep, the time, chance, ids, attributes, and who it is."""

import uuid
from asyncio import _get_running_loop as running_loop
from collections.abc import Awaitable, Mapping
from datetime import datetime

import msgspec

from outlast._api.attributes import checked_attributes
from outlast._api.done import Done
from outlast._api.where import current_attempt, current_execution, workflow_only
from outlast._engine.lines import calling_line
from outlast._ids import seeded_uuid4
from outlast._model.events import AttributesSet
from outlast._model.runs import Attributes, AttributeValue
from outlast._registry.durations import TimeLike, deadline, to_datetime
from outlast._runtime.attempts import Attempt
from outlast.errors import NotAllowedHereError


class CurrentRun(msgspec.Struct, frozen=True, kw_only=True):
    """The run that the current code belongs to."""

    id: str
    workflow: str
    attributes: Attributes
    """As they are in the log up to here; in a step, as they were when the step was asked for."""


class CurrentStep(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt that the current code belongs to."""

    id: str
    """The same in all attempts, also after a crash: an idempotency key for the outside world."""
    name: str
    attempt: int
    """From 1."""
    repeated: bool
    """Whether an attempt before this one may have done a part of the work: one that has failed, or one whose process has
    died, which is not counted."""
    started_at: datetime


async def sleep(until: TimeLike) -> None:
    """Wait in a workflow, durably: for weeks at no cost, across crashes and restarts.

    Args:
        until: Seconds, a text such as `"1h 30m"` or `"3 days"`, a `timedelta`, or an aware `datetime`.

    Raises:
        InvalidDurationError: It is no time.
        NotAllowedHereError: This is not workflow code.
    """
    execution = workflow_only("sleep()")
    await execution.requests.start_wait(deadline(until, execution.now()), calling_line())


def now() -> datetime:
    """The run's time, aware and in UTC: that of the last event, the same at each replay.

    Raises `NotAllowedHereError` outside of workflow code.
    """
    return to_datetime(workflow_only("now()").now())


def random() -> float:
    """A number in [0, 1), the same at each replay. Raises `NotAllowedHereError` outside of workflow code."""
    return workflow_only("random()").chance.random()


def uuid4() -> uuid.UUID:
    """A version 4 UUID, the same at each replay. Raises `NotAllowedHereError` outside of workflow code."""
    return seeded_uuid4(workflow_only("uuid4()").chance)


def run_info() -> CurrentRun:
    """The run that the current code, workflow or step, belongs to. Raises `NotAllowedHereError` where it belongs to none."""
    execution = current_execution()
    attempt = current_attempt()
    if execution is None and attempt is not None:
        return CurrentRun(
            id=attempt.run.id, workflow=attempt.run.workflow, attributes=attempt.run.attributes
        )
    execution = execution or workflow_only("run_info()")
    return CurrentRun(
        id=execution.run_id,
        workflow=execution.definition.name,
        attributes=dict(execution.attributes),
    )


def step_info() -> CurrentStep:
    """The attempt that the current code belongs to. Raises `NotAllowedHereError` outside of a step."""
    attempt = current_attempt()
    if attempt is None or current_execution() is not None:
        raise NotAllowedHereError(
            "step_info()", "outside of a step", "Call it in a function decorated with @step."
        )
    return CurrentStep(
        id=attempt.id,
        name=attempt.command.definition.name,
        attempt=attempt.command.attempt,
        repeated=attempt.command.attempt > 1 or attempt.taken_up,
        started_at=to_datetime(attempt.started_at),
    )


def set_attributes(attributes: Mapping[str, AttributeValue]) -> Awaitable[None]:
    """Merge attributes into the run's, by which runs are found in lists.

    Await it. In a workflow it returns once they are recorded; in a step they are recorded with the
    next commit, at the latest with the step's outcome, and the call takes effect also without an
    await, so that `def` steps can use it. Setting the same again changes nothing.

    Raises:
        EncodeError: A value is not a string, a number, a bool or `None`.
        NotAllowedHereError: The code belongs to no run.
    """
    checked = checked_attributes(attributes)
    execution = current_execution()
    attempt = current_attempt()
    if execution is None and attempt is not None:
        _write_from_step(attempt, checked)
        return Done()
    return workflow_only("set_attributes()").requests.set_attributes(checked, calling_line())


def _write_from_step(attempt: Attempt, attributes: Attributes) -> None:
    event = AttributesSet(attributes=attributes)
    loop = attempt.runtime.loop
    if running_loop() is loop:
        attempt.run.write(event)
    else:
        loop.call_soon_threadsafe(attempt.run.write, event)
