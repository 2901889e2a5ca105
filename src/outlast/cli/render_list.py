"""Workers as a table."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from outlast.cli.times import ago
from outlast.records import WorkerInfo


def workers_table(workers: Sequence[WorkerInfo], now: datetime) -> Table:
    """One row each: who and where it is, what it serves, and how busy it was at its last heartbeat."""
    table = _table()
    table.add_column("worker", no_wrap=True)
    for title in ("host", "queues"):
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    for title in ("pid", "runs", "steps", "started", "heartbeat"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("version", no_wrap=True, overflow="ellipsis", ratio=1)
    for worker in workers:
        table.add_row(
            worker.id,
            worker.host,
            ", ".join(worker.queues),
            str(worker.pid),
            str(worker.live_runs),
            str(worker.attempts),
            ago(worker.started_at, now),
            ago(worker.heartbeat_at, now),
            worker.version,
        )
    return table


def _table() -> Table:
    return Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False, expand=True)
