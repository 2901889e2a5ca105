"""A timeline as a table: when, how long, what, and a bar that shows it in the span of the run."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from outlast._api.inspection import ErrorText
from outlast.cli.condensing import Group, Mark, Row
from outlast.cli.looks import SIGNS
from outlast.cli.texts import fitted
from outlast.cli.timeline_entries import OPEN, Attempt, Entry
from outlast.cli.times import length, offset, rough, ticking

BAR: Final = (12, 40)
"""The least and the greatest width of the bars."""
LABEL: Final = 24
"""With less than this left for the labels there are no bars."""
GAP: Final = "  "


TIMES: Final = "\N{MULTIPLICATION SIGN}"


class Span(msgspec.Struct, frozen=True):
    """What the timeline covers: from the run's creation to its end, or to now."""

    start: datetime
    end: datetime

    def place(self, then: datetime) -> float:
        """Where a time lies between start and end, from 0 to 1."""
        whole = self.end - self.start
        return min(1.0, max(0.0, (then - self.start) / whole)) if whole else 0.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row, ready to be laid out."""

    at: str
    took: Text
    label: Text
    bar: tuple[float, float, str] | None = None
    """Where it starts and ends in the span, and its colour."""
    asked: float | None = None
    """Where in the span it was asked for, if it was kept waiting."""
    source: str = ""
    """The line of the workflow."""
    below: tuple[Text, ...] = ()
    """More about it, over the width of all columns."""


class TimelineTable:
    """Rows in columns that fit the width; bars only where there is room for them."""

    def __init__(self, rows: Sequence[Row], span: Span, now: datetime) -> None:
        workers = {one for row in rows if isinstance(row, Entry) for one in row.workers}
        self.lines = [_line(row, span, now, name_workers=len(workers) > 1) for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.lines:
            return
        at = max(cell_len(line.at) for line in self.lines)
        took = max(line.took.cell_len for line in self.lines)
        source = min(24, max(cell_len(line.source) for line in self.lines))
        room = options.max_width - at - took - source - 3 * len(GAP)
        wanted = max(line.label.cell_len for line in self.lines)
        bar = min(BAR[1], room - min(wanted, room - BAR[0] - len(GAP)) - len(GAP))
        bar = bar if room >= BAR[0] + LABEL else 0
        label = min(wanted, room - bar - len(GAP))
        for line in self.lines:
            text = Text(no_wrap=True).append(line.at.rjust(at) + GAP, style="dim")
            text.append_text(fitted(line.took, took, right=True)).append(GAP)
            text.append_text(fitted(line.label, label))
            if line.bar is not None and bar:
                text.append(GAP).append_text(
                    _bar_text(line.asked, *line.bar, bar, ascii_only=options.ascii_only)
                )
            if line.source:
                text.append(" " * (at + took + label + bar + 3 * len(GAP) - text.cell_len))
                text.append(GAP + line.source[-source:], style="dim")
            yield text
            indent = at + took + 3 * len(GAP)
            for below in line.below:
                yield Text(" " * indent) + fitted(below, options.max_width - indent, pad=False)


def error_line(error: ErrorText) -> str:
    """`ValueError: the first line of its message`."""
    message, name = error.message.partition("\n")[0], error.type.removeprefix("outlast.errors.")
    return f"{name}: {message}" if message else name


def _line(row: Row, span: Span, now: datetime, *, name_workers: bool) -> Line:
    at = offset(row.started_at - span.start)
    match row:
        case Entry():
            return Line(
                at=at,
                took=_took(row, now),
                label=_label(row, now, name_workers=name_workers),
                bar=_entry_bar(row, span),
                asked=_asked(row, span),
                source=row.line or "",
                below=tuple(_below(row)),
            )
        case Group():
            return _group_line(row, at, span)
        case Mark():
            place = span.place(row.at)
            label = Text(f"✗ {row.text}", style="bold red")
            return Line(at=at, took=Text(), label=label, bar=(place, place, "red"))


def _took(entry: Entry, now: datetime) -> Text:
    if entry.kind == "note":
        return Text("")
    if entry.state in OPEN:
        return Text(ticking(now - entry.started_at), style="dim")
    return Text(length((entry.ended_at or entry.started_at) - entry.started_at))


def _label(entry: Entry, now: datetime, *, name_workers: bool) -> Text:
    sign, style = SIGNS[entry.state]
    text = Text.assemble((f"{sign} ", style), (entry.name, "" if entry.kind != "note" else "dim"))
    for extra, extra_style in _extras(entry, now):
        text.append(f"  {extra}", style=extra_style)
    if name_workers and entry.workers:
        text.append(f"  on {', '.join(entry.workers)}", style="dim")
    return text


def _extras(entry: Entry, now: datetime) -> Iterator[tuple[str, str]]:
    """What is worth saying beside the name."""
    if entry.kind == "wait" and entry.until is not None:
        if entry.state == "waiting":
            yield f"{rough(entry.until - now)} left", "blue"
        else:
            yield length(entry.until - entry.started_at), "dim"
        if entry.woken and entry.ended_at is not None:
            yield f"woken {length(entry.until - entry.ended_at)} early", "yellow"
    if entry.kind == "hook":
        yield from _hook_extras(entry, now)
    if entry.state == "queued":
        yield f"queued in {entry.queue}" if entry.queue else "queued", "blue"
    if entry.queued:
        yield f"queued {length(entry.queued)}", "dim"
    if entry.state == "retrying" and entry.until is not None and entry.until > now:
        yield f"next attempt in {rough(entry.until - now)}", "yellow"
    made = max((attempt.number for attempt in entry.attempts), default=1)
    if made > 1:
        yield f"{made} attempts", "yellow"
    if entry.kind == "child" and entry.error is not None:
        yield error_line(entry.error), "red"


def _hook_extras(entry: Entry, now: datetime) -> Iterator[tuple[str, str]]:
    if entry.received:
        yield "1 payload" if entry.received == 1 else f"{entry.received} payloads", "dim"
    if entry.state == "waiting" and entry.until is not None:
        yield f"expires in {rough(entry.until - now)}", "blue"
    if entry.remark:
        yield entry.remark, "yellow"


def _below(entry: Entry) -> Iterator[Text]:
    """A line for each attempt that did not succeed, and for the id of a child."""
    if entry.child is not None:
        yield Text(entry.child, style="dim")
    lost = sum(attempt.lost for attempt in entry.attempts)
    if lost:
        times = "" if lost == 1 else f", {lost} times"
        yield Text(f"an attempt was lost with its worker{times}", style="yellow")
    for attempt in entry.attempts:
        if attempt.error is not None:
            yield _failed_attempt(attempt, attempt.error)


def _failed_attempt(attempt: Attempt, error: ErrorText) -> Text:
    took = length((attempt.ended_at or attempt.started_at) - attempt.started_at)
    return Text.assemble((f"attempt {attempt.number}, {took}: ", "dim"), (error_line(error), "red"))


def _entry_bar(entry: Entry, span: Span) -> tuple[float, float, str] | None:
    if entry.kind == "note":
        return None
    end = span.end if entry.state in OPEN else entry.ended_at or entry.started_at
    return span.place(entry.started_at), span.place(end), SIGNS[entry.state][1]


def _asked(entry: Entry, span: Span) -> float | None:
    queued = entry.attempts[0].queued if entry.attempts else None
    return span.place(entry.started_at - queued) if queued else None


def _group_line(group: Group, at: str, span: Span) -> Line:
    sign, style = SIGNS["completed"]
    label = Text.assemble(
        (f"{sign} ", style), group.name, (f" {TIMES}{len(group.entries)}", "bold")
    )
    label.append(f"  {length(group.work / len(group.entries))} each", style="dim")
    return Line(
        at=at,
        took=Text(length(group.ended_at - group.started_at)),
        label=label,
        bar=(span.place(group.started_at), span.place(group.ended_at), style),
        source=group.line or "",
    )


def _bar_text(
    asked: float | None, start: float, end: float, style: str, width: int, *, ascii_only: bool
) -> Text:
    first = min(width - 1, int(start * width))
    last = max(first + 1, min(width, round(end * width)))
    before = first if asked is None else min(first, int(asked * width))
    full, dashed, thin = ("=", ".", "-") if ascii_only else ("━", "╍", "─")
    text = Text(thin * before, style="dim")
    text.append(dashed * (first - before), style=f"dim {style}")
    text.append(full * (last - first), style=f"not dim {style}")
    return text.append(thin * (width - last))
