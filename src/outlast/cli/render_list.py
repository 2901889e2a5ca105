"""Workers as a table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.table import Table

from outlast.cli.times import ago
from outlast.records import WorkerInfo

WIDE: Final = 110
"""So many columns of a terminal have room for everything."""


def workers_table(
    workers: Sequence[WorkerInfo], now: datetime, width: int, *, titled: bool = True
) -> Table:
    """One row each: who and where it is, what it serves, and how busy it was at its last heartbeat. Where
    there is less room, without when it was started and its version."""
    table, wide = list_table(titled=titled), width >= WIDE
    table.add_column("worker", no_wrap=True)
    for title in ("host", "queues"):
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    for title in ("pid", "runs", "steps", "heartbeat", *(("started",) if wide else ())):
        table.add_column(title, no_wrap=True, justify="right")
    if wide:
        table.add_column("version", no_wrap=True, overflow="ellipsis", ratio=1)
    for worker in workers:
        more = (ago(worker.started_at, now), worker.version) if wide else ()
        table.add_row(
            worker.id,
            worker.host,
            ", ".join(worker.queues),
            str(worker.pid),
            str(worker.live_runs),
            str(worker.attempts),
            ago(worker.heartbeat_at, now),
            *more,
        )
    return table


def list_table(*, titled: bool = True, expand: bool = True) -> Table:
    """A table as all lists have it: no lines, dim titles, two blanks between columns."""
    return Table(
        box=None,
        header_style="dim",
        padding=(0, 2, 0, 0),
        pad_edge=False,
        expand=expand,
        show_header=titled,
    )
