"""Runs and workers as tables."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from outlast import RunStatus
from outlast.cli.render_run import attributes_text, status_text
from outlast.cli.times import ago, length, rough
from outlast.records import RunInfo, WorkerInfo


def runs_table(runs: Sequence[RunInfo], now: datetime) -> Table:
    """One row each: status, workflow, id, when, how long, and what it waits for or is labelled with."""
    table = _table()
    table.add_column("run", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("workflow", no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column("started", no_wrap=True, justify="right")
    table.add_column("took", no_wrap=True, justify="right")
    table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
    for run in runs:
        table.add_row(
            run.id,
            status_text(run.status),
            run.workflow,
            Text(ago(run.created_at, now), style="dim"),
            "" if run.ended_at is None else length(run.ended_at - run.created_at),
            _remark(run, now),
        )
    return table


def workers_table(workers: Sequence[WorkerInfo], now: datetime) -> Table:
    """One row each."""
    table = _table()
    table.add_column("worker", no_wrap=True)
    for title in ("host", "pid", "version", "queues", "started", "heartbeat"):
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    for worker in workers:
        table.add_row(
            worker.id,
            worker.host,
            str(worker.pid),
            worker.version,
            ", ".join(worker.queues),
            ago(worker.started_at, now),
            ago(worker.heartbeat_at, now),
        )
    return table


def _table() -> Table:
    return Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False, expand=True)


def _remark(run: RunInfo, now: datetime) -> Text:
    text = Text(waits_text(run, now), style="blue")
    if run.status is RunStatus.BLOCKED and run.problem:
        text = Text(run.problem.partition("\n")[0], style="magenta")
    if run.attributes:
        text.append(("  " if text else "") + attributes_text(run), style="dim")
    return text


def waits_text(run: RunInfo, now: datetime) -> str:
    """What a suspended run waits for: `sleep 2d 4h left, child run_…`."""
    if run.status is not RunStatus.SUSPENDED:
        return ""
    parts: list[str] = []
    for waiting in run.waiting[:2]:
        name = waiting.id.rpartition("/")[2].partition("#")[0]
        if waiting.until is not None:
            parts.append(f"{name} {rough(waiting.until - now)} left")
        else:
            parts.append(f"{waiting.kind} {waiting.on or name}")
    more = len(run.waiting) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")
