"""Runs as a table that stays legible at 80 columns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from outlast import RunStatus
from outlast.cli.render_run import status_text, worker_gone
from outlast.cli.texts import attributes_text, fitted
from outlast.cli.times import ago, length, rough
from outlast.records import RunInfo

GAP: Final = 2
BELOW: Final = "    "
_WORKFLOW: Final = (12, 24)
"""The least and the greatest width of the workflow's name."""
_TITLES: Final = ("run", "status", "workflow", "created", "took")
_NEEDED: Final = 3
"""The columns that are there however narrow it is."""
_RIGHT: Final = ("created", "took")


class _Row(NamedTuple):
    """A run, ready to be laid out."""

    cells: tuple[Text, ...]
    remarks: tuple[Text, ...]


class RunsTable:
    """One row each: id, status, workflow, when it was created, how long it took; and what it waits for,
    what is wrong, and its attributes: beside it where that fits, else on lines below.

    Ids and statuses are never cut, but for ids of more than half a line; nor is what a run waits for.
    """

    def __init__(self, runs: Sequence[RunInfo], now: datetime, *, titled: bool = True) -> None:
        self._titled = titled
        self._rows = [_row(run, now) for run in runs]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        whole = options.max_width
        widths = _widths(self._rows, whole)
        titles = [Text(title, style="dim") for title in _TITLES]
        if self._titled:
            yield fitted(_line(titles, widths), whole, pad=False)
        for row in self._rows:
            line = _line(row.cells, widths)
            beside = Text(" " * GAP).join([line, *row.remarks])
            if beside.cell_len <= whole:
                yield beside
                continue
            yield fitted(line, whole, pad=False)
            for below in _below(row.remarks, whole - len(BELOW)):
                for part in _wrapped(below, whole - len(BELOW), console):
                    yield Text(BELOW).append_text(part)


def _row(run: RunInfo, now: datetime) -> _Row:
    cells = (
        Text(run.id),
        status_text(run.status),
        Text(run.workflow),
        Text(ago(run.created_at, now), style="dim"),
        Text("" if run.ended_at is None else length(run.ended_at - run.created_at)),
    )
    return _Row(cells, tuple(run_remarks(run, now)))


def run_remarks(run: RunInfo, now: datetime) -> Iterator[Text]:
    """What a run waits for, what is wrong with it, and its attributes."""
    if waits := _waits_text(run, now):
        yield Text(waits, style="blue")
    if run.status is RunStatus.BLOCKED and run.problem:
        yield Text(run.problem.partition("\n")[0], style="magenta")
    if worker_gone(run, now):
        yield Text("worker gone", style="yellow")
    if run.attributes:
        yield Text(attributes_text(run.attributes), style="dim")


def _waits_text(run: RunInfo, now: datetime) -> str:
    """What a suspended run waits for: `sleep 2d 4h left, child run_…`."""
    if run.status is not RunStatus.SUSPENDED:
        return ""
    parts: list[str] = []
    for waiting in run.waiting[:2]:
        name = waiting.id.rpartition("/")[2].partition("#")[0]
        if waiting.until is not None:
            parts.append(f"{name} {rough(waiting.until - now)} left")
        else:
            named = waiting.on or (name if name != waiting.kind else "")
            parts.append(f"{waiting.kind} {named}".rstrip())
    more = len(run.waiting) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")


def _widths(rows: Sequence[_Row], whole: int) -> list[int]:
    columns = [
        max([len(title), *(row.cells[index].cell_len for row in rows)])
        for index, title in enumerate(_TITLES)
    ]
    columns[0] = min(columns[0], max(whole // 2, len(_TITLES[0])))
    left = whole - sum(columns) + columns[2] - GAP * (len(columns) - 1)
    columns[2] = min(columns[2], _WORKFLOW[1], max(_WORKFLOW[0], left))
    while sum(columns) + GAP * (len(columns) - 1) > whole and len(columns) > _NEEDED:
        columns.pop()
    return columns


def _below(remarks: Sequence[Text], width: int) -> Iterator[Text]:
    """As many to a line as fit."""
    line = Text()
    for remark in remarks:
        if line and line.cell_len + GAP + remark.cell_len > width:
            yield line
            line = Text()
        line = Text(" " * GAP).join([line, remark]) if line else remark
    if line:
        yield line


def _wrapped(line: Text, width: int, console: Console) -> Iterator[Text]:
    """On a second line what does not fit on one; what does not fit there either is cut."""
    if line.cell_len <= width:
        yield line
        return
    first, *rest = line.wrap(console, width)
    first.rstrip()
    yield first
    yield fitted(Text(" ").join(rest), width, pad=False)


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    columns = zip(_TITLES, cells, widths, strict=False)  # those at the end may have no room
    return Text(" " * GAP).join(
        fitted(cell, width, right=title in _RIGHT) for title, cell, width in columns
    )
