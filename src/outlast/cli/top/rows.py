"""Runs, hooks and workers as cells of the dashboard's tables."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from rich.text import Text

from outlast.cli.looks import STATUS_SIGNS
from outlast.cli.render_run import status_text
from outlast.cli.render_runs import run_remarks
from outlast.cli.texts import count, fitted
from outlast.cli.times import ago, length, rough, ticking
from outlast.cli.top.picture import Picture
from outlast.records import HookInfo, Overview, RunInfo, WorkerInfo

Cells: TypeAlias = tuple[Text, ...]

RUN_TITLES: Final = ("status", "workflow", "created", "took", "waits for, attributes", "run")
HOOK_TITLES: Final = ("kind", "hook", "run", "created", "expires", "metadata")
WORKER_TITLES: Final = ("worker", "host", "pid", "runs", "steps", "queues", "heartbeat", "version")
_LEVELS: Final = "▁▁▂▃▄▅▆▇█"
"""The first for nothing at all."""
_WORKFLOW: Final = 24
_BESIDE: Final = 62
"""So many columns the other cells of a run take, without its id."""
_ABOUT: Final = (24, 60)
"""The least and the greatest width of what there is to say of a run."""


def run_cells(run: RunInfo, now: datetime, width: int) -> Cells:
    """A run: what it is about in front of its id, which is long."""
    over = run.ended_at is not None
    took = (run.ended_at or now) - run.created_at
    about = Text("  ").join(run_remarks(run, now))
    room = min(_ABOUT[1], max(_ABOUT[0], width - _BESIDE))
    return (
        status_text(run.status),
        fitted(Text(run.workflow), _WORKFLOW, pad=False),
        Text(ago(run.created_at, now), style="dim", justify="right"),
        Text(length(took) if over else ticking(took), "" if over else "dim", justify="right"),
        fitted(about, room, pad=False),
        Text(run.id, style="dim"),
    )


def hook_cells(hook: HookInfo, now: datetime) -> Cells:
    """A hook, without its token: whoever looks over a shoulder could resume it."""
    expires = "" if hook.expires_at is None else f"in {rough(hook.expires_at - now)}"
    metadata = " ".join(f"{name}={value}" for name, value in hook.metadata.items())
    return (
        Text(hook.kind),
        Text(hook.id or "reserved"),
        Text(hook.run_id),
        Text(ago(hook.created_at, now), style="dim", justify="right"),
        Text(expires, justify="right"),
        Text(metadata, style="dim"),
    )


def worker_cells(worker: WorkerInfo, now: datetime) -> Cells:
    """A worker."""
    return (
        Text(worker.id),
        Text(worker.host),
        Text(str(worker.pid), justify="right"),
        Text(str(worker.live_runs), justify="right"),
        Text(str(worker.attempts), justify="right"),
        Text(", ".join(worker.queues)),
        Text(ago(worker.heartbeat_at, now), style="dim", justify="right"),
        Text(worker.version, style="dim"),
    )


def headline(picture: Picture) -> Text:
    """Who serves it, how many runs there are of each status, and where it is."""
    text = Text("  ").join(_head(picture))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def chart(overview: Overview) -> Text:
    """How many runs were started in each stretch of the last day; in red where some failed."""
    most = max((bucket.started for bucket in overview.buckets), default=0)
    text = Text.assemble(("24 h ", "dim"))
    for bucket in overview.buckets:
        level = math.ceil(bucket.started / most * (len(_LEVELS) - 1)) if most else 0
        text.append(_LEVELS[level], "red" if bucket.failed else "" if level else "dim")
    limit = overview.bucket_limit
    text.append(f"  {_total([bucket.started for bucket in overview.buckets], limit)} started")
    if failed := [bucket.failed for bucket in overview.buckets if bucket.failed]:
        text.append(f"  ✗ {_total(failed, limit)}", "red")
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def instead(picture: Picture) -> dict[str, str]:
    """What each table says where it has no rows."""
    if picture.hooks is None:
        hooks = (
            "With this token hooks are not shown: they have secrets in them, and it may only read."
        )
    else:
        hooks = "" if picture.hooks else "Nothing waits for the outside."
    more = "None of the newest that were looked at fit." if picture.more_runs else "No runs fit."
    return {
        "runs": "" if picture.runs else more,
        "hooks": hooks,
        "workers": "" if picture.workers else "No worker serves this: outlast worker FILE",
    }


def _head(picture: Picture) -> Iterator[Text]:
    workers, overview = len(picture.workers), picture.overview
    yield Text(count(workers, "worker"), "" if workers else "yellow")
    for status, (sign, style) in STATUS_SIGNS.items():
        if number := overview.counts.get(status, 0):
            yield Text(f"{sign} {_up_to(number, overview.limit)} {status.value}", style)
    if picture.more_runs:
        yield Text(f"{len(picture.runs):,} shown", "dim")
    yield Text(picture.url, "dim")


def _total(numbers: Sequence[int], limit: int) -> str:
    """All of them; from the limit on a number is an estimate."""
    about = any(number >= limit for number in numbers)
    return f"{'about ' if about else ''}{sum(numbers):,}"


def _up_to(number: int, limit: int) -> str:
    return f"{number:,}+" if number >= limit else f"{number:,}"
