"""Workflows as a table, and one with how it goes."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from outlast.cli.looks import STATUS_SIGNS
from outlast.cli.render_list import list_table
from outlast.cli.texts import count, indented
from outlast.cli.times import length
from outlast.records import StepStats, WorkflowInfo, WorkflowStats


def workflows_table(workflows: Sequence[WorkflowInfo], *, titled: bool = True) -> Table:
    """One row each: its name, where it is served, where it stands, and the first line of its docstring."""
    table = list_table(titled=titled)
    table.add_column("workflow", no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column("queues", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("versions", no_wrap=True, justify="right")
    table.add_column("place", no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column("says", no_wrap=True, overflow="ellipsis", ratio=1)
    for one in workflows:
        queues = ", ".join(one.queues)
        table.add_row(
            Text(one.name),
            Text(queues or "no worker", "" if queues else "yellow"),
            str(len(one.versions)),
            Text(_place(one), "dim"),
            Text(one.doc.strip().partition("\n")[0], "dim"),
        )
    return table


def render_workflow(workflow: WorkflowInfo | None, stats: WorkflowStats) -> RenderableType:
    """What it is, as far as a worker has told; how its latest runs went; and its steps, the slowest first."""
    signature = "" if workflow is None else workflow.signature
    parts: list[RenderableType] = [Text.assemble((stats.name, "bold"), signature)]
    if workflow is not None:
        parts += _facts(workflow)
    parts += ["", *_runs(stats)]
    if stats.steps:
        parts += ["", _steps_table(stats.steps)]
        parts.append(Text(f"of {count(stats.logs, 'run')} that ended last", "dim"))
    return Group(*parts)


def _facts(workflow: WorkflowInfo) -> Iterator[Text]:
    yield Text(f"  {_place(workflow)} · version {', '.join(workflow.versions)}", "dim")
    if workflow.queues:
        yield Text(f"  served from {', '.join(workflow.queues)}", "dim")
    else:
        yield Text("  no worker serves it", "yellow")
    if workflow.doc.strip():
        yield Text(indented(workflow.doc.strip()), "dim")


def _runs(stats: WorkflowStats) -> Iterator[Text]:
    if not stats.of:
        yield Text("no runs yet", "dim")
        return
    line = Text(f"the latest {count(stats.of, 'run')}")
    for status, number in stats.counts.items():
        if number:
            sign, style = STATUS_SIGNS[status]
            line.append(f"  {sign} {number:,} {status.value}", style)
    yield line
    if stats.success is not None:
        yield Text(f"{stats.success:.1%} of those that completed or failed have completed")
    if stats.p50 is not None and stats.p90 is not None and stats.p99 is not None:
        took = (("half", stats.p50), ("90 %", stats.p90), ("99 %", stats.p99))
        said = ", ".join(f"{share} within {_length(seconds)}" for share, seconds in took)
        yield Text(f"completed: {said}")


def _steps_table(steps: Sequence[StepStats]) -> Table:
    table = list_table(expand=False)
    table.add_column("step", no_wrap=True, overflow="ellipsis", max_width=40)
    for title in ("times", "failed", "tries", "median", "longest"):
        table.add_column(title, justify="right", no_wrap=True)
    for step in steps:
        table.add_row(
            Text(step.name),
            f"{step.count:,}",
            Text(f"{step.failed:,}", "red" if step.failed else "dim"),
            Text(f"{step.attempts:,}", "yellow" if step.attempts > step.count else "dim"),
            _length(step.p50),
            _length(step.longest),
        )
    return table


def _length(seconds: float) -> str:
    return length(timedelta(seconds=seconds))


def _place(workflow: WorkflowInfo) -> str:
    return f"{workflow.file.rpartition('/')[2]}:{workflow.line}"
