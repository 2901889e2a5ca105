"""Steps as a table."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rich.table import Table
from rich.text import Text

from outlast.cli.looks import SIGNS
from outlast.cli.plain import short_text
from outlast.cli.render_list import list_table
from outlast.cli.times import length, offset, ticking
from outlast.records import StepRecord

_NAME: Final = 32
"""An id is no wider than this."""


def steps_table(
    steps: Sequence[StepRecord], created_at: datetime, now: datetime, *, titled: bool = True
) -> Table:
    """One row each: when it began, how long it took, its id, how many attempts it needed, and its result or error.
    How long they were kept waiting stands there if any was, and the workers if there were several."""
    table = list_table(titled=titled)
    for title in ("began", "took"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("step", no_wrap=True, overflow="ellipsis", max_width=_NAME)
    table.add_column("tries", justify="right", no_wrap=True)
    queued, workers = any(map(_queued, steps)), {one for step in steps for one in _workers(step)}
    if queued:
        table.add_column("queued", justify="right", no_wrap=True)
    if len(workers) > 1:
        table.add_column("worker", no_wrap=True, overflow="ellipsis")
    table.add_column("result or error", no_wrap=True, overflow="ellipsis", ratio=1)
    for step in steps:
        sign, style = SIGNS[step.status]
        made = len(step.attempts)
        table.add_row(
            Text(offset(step.started_at - created_at), "dim"),
            _took(step, now),
            Text.assemble((f"{sign} ", style), step.id),
            Text(str(made), "yellow" if made > 1 else "dim"),
            *([_queued_text(step)] if queued else []),
            *([Text(", ".join(_workers(step)), "dim")] if len(workers) > 1 else []),
            _came_of(step),
        )
    return table


def _took(step: StepRecord, now: datetime) -> Text:
    if step.ended_at is None:
        return Text(ticking(now - step.started_at), style="dim")
    return Text(length(step.ended_at - step.started_at))


def _queued(step: StepRecord) -> float:
    """Seconds that its attempts waited for their turn."""
    return sum(one.queued for one in step.attempts)


def _queued_text(step: StepRecord) -> Text:
    seconds = _queued(step)
    return Text(f"{length(timedelta(seconds=seconds))} queued" if seconds else "", "dim")


def _workers(step: StepRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.worker for one in step.attempts if one.worker))


def _came_of(step: StepRecord) -> Text:
    match step.status:
        case "completed":
            return Text(short_text(step.result))
        case "failed":
            return Text(_first_line(step.error), "red")
        case "retrying":
            return Text(_first_line(step.attempts[-1].error), "yellow")
        case status:
            return Text(status, "dim")


def _first_line(error: str | None) -> str:
    return (error or "").partition("\n")[0].removeprefix("outlast.errors.")
