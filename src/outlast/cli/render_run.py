"""A run as people see it: a headline, its facts, its timeline, and what came of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from outlast import RunStatus
from outlast._api.inspection import ErrorText
from outlast.cli.condensing import Mark, condensed
from outlast.cli.looks import STATUS_SIGNS
from outlast.cli.plain import call_text, value_text
from outlast.cli.render_timeline import Span, TimelineTable, error_line
from outlast.cli.texts import attributes_text, count, indented, own_frames
from outlast.cli.timeline import Timeline
from outlast.cli.times import ago, date_and_time, length, offset, ticking
from outlast.records import RunInfo


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to show of a run."""

    info: RunInfo
    timeline: Timeline
    now: datetime
    limit: int = 40
    """Of more entries than this, those that are alike are grouped."""
    marks: Sequence[Mark] = ()

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.info.ended_at is not None

    @property
    def span(self) -> Span:
        """What the timeline covers."""
        return Span(self.info.created_at, self.info.ended_at or self.now)


def render_run(view: RunView) -> RenderableType:
    """All of it."""
    parts: list[RenderableType] = [headline(view), *_facts(view)]
    table = timeline_table(view)
    if table.lines:
        parts += ["", table]
    parts += _ending(view)
    return Group(*parts)


def timeline_table(view: RunView) -> TimelineTable:
    """The rows of the timeline."""
    entries = view.timeline.pending(view.info, _quiet_since(view))
    rows = condensed(entries, limit=view.limit, marks=view.marks)
    return TimelineTable(rows, view.span, view.now)


def headline(view: RunView) -> Text:
    """`✓ completed  fulfil in 2.31 s  (3, fast=true)`, on one line."""
    info = view.info
    sign, style = STATUS_SIGNS[info.status]
    text = Text.assemble((f"{sign} {info.status.value}", style), "  ", (info.workflow, "bold"))
    took = (info.ended_at or view.now) - info.created_at
    text.append(f" in {length(took)}" if view.over else f" for {ticking(took)}")
    text.append(f"  ({call_text(view.timeline.input)})", style="dim")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def status_text(status: RunStatus) -> Text:
    """The sign and the word, coloured."""
    sign, style = STATUS_SIGNS[status]
    return Text(f"{sign} {status.value}", style=style)


def worker_gone(info: RunInfo, now: datetime) -> bool:
    """Whether the worker that holds a running run has died: it was noticed, or the lease has ended. The
    run goes on as soon as another worker takes it."""
    over = info.due_at is not None and info.due_at <= now
    return info.status is RunStatus.RUNNING and over


def render_failure(error: ErrorText, *, traceback: bool = True) -> RenderableType:
    """An error that ended a run."""
    parts: list[RenderableType] = [Text(error_line(error), style="bold red")]
    if traceback and error.traceback:
        parts.append(Text(indented(own_frames(error.traceback.rstrip())), style="dim"))
    return Group(*parts)


def _facts(view: RunView) -> Iterator[Text]:
    info = view.info
    yield Text(f"  {info.id}")
    yield Text(f"  {_beginning(view)}", style="dim")
    yield Text(f"  {count(info.events, 'event')} · version {info.version}", style="dim")
    if info.queue != "default":
        yield Text(f"  queue {info.queue}", style="dim")
    if info.attributes:
        yield Text(f"  {attributes_text(info.attributes)}", style="dim")
    if info.parent:
        yield Text(f"  child of {info.parent}", style="dim")
    if worker_gone(info, view.now):
        yield Text(f"  worker gone: {info.worker}. The next worker goes on", style="yellow")
    elif info.worker:
        yield Text(f"  held by {info.worker}", style="dim")
    elif not view.over and info.due_at is not None:
        yield Text(f"  due {ago(info.due_at, view.now)}", style="dim")


def _beginning(view: RunView) -> str:
    """When it was created, and when a worker took it first."""
    info = view.info
    created = f"created {date_and_time(info.created_at)}, {ago(info.created_at, view.now)}"
    if info.started_at is None:
        return f"{created} · not started yet"
    return f"{created} · started {offset(info.started_at - info.created_at)}"


def _ending(view: RunView) -> Iterator[RenderableType]:
    if view.info.problem:
        yield ""
        yield Text(view.info.problem, style="magenta")
    ending = view.timeline.ending
    if ending is None:
        return
    yield ""
    if ending.error is not None:
        yield render_failure(ending.error)
    elif ending.state == "cancelled":
        yield Text(f"cancelled: {ending.reason}" if ending.reason else "cancelled", style="yellow")
    else:
        yield Text.assemble(("result  ", "bold"), value_text(ending.result))


def _quiet_since(view: RunView) -> datetime:
    """When the last thing in the log was over: pending waits are taken to have begun then."""
    ends = [entry.ended_at or entry.started_at for entry in view.timeline.entries]
    return max(ends, default=view.info.created_at)
