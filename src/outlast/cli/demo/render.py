"""What the demo shows: the report, the timeline with the kills, and the proof."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from outlast.cli.condensing import Mark
from outlast.cli.demo.play import Kill, Played
from outlast.cli.demo.proof import Proof
from outlast.cli.plain import plain
from outlast.cli.render_run import RunView, timeline_table
from outlast.cli.texts import count
from outlast.cli.timeline import Timeline
from outlast.cli.times import current_time


def render_report(result: Any) -> RenderableType:
    """The workflow's result: the largest packages, and all of it."""
    index = plain(result)
    table = Table(
        box=SIMPLE_HEAD, header_style="dim", pad_edge=False, show_edge=False, padding=(0, 1)
    )
    table.add_column("package", no_wrap=True)
    for title in ("files", "lines", "classes", "functions", "documented"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("longest function")  # the one that gives way on a narrow terminal
    for name, files, total in index["packages"]:
        table.add_row(name, *_numbers(files, total))
    table.add_section()
    table.add_row("all", *_numbers(index["files"], index["total"]), style="bold")
    return table


def render_played(played: Played) -> RenderableType:
    """The timeline of the first run, condensed, with the kills where they happened."""
    info = played.infos[0]
    marks = [_mark(kill) for kill in played.kills if kill.at <= (info.ended_at or kill.at)]
    view = RunView(
        info=info,
        timeline=Timeline(played.logs[0]),
        now=current_time(),
        limit=12,
        marks=marks,
    )
    return timeline_table(view)


def render_proof(proof: Proof) -> RenderableType:
    """Each check, and the time lost."""
    lines = [
        Text.assemble(("✓ ", "green") if check.holds else ("✗ ", "bold red"), check.text)
        for check in proof.checks
    ]
    return Group(*lines, _time_lost(proof.seconds_lost))


def title(text: str) -> Text:
    """A heading."""
    return Text(text, style="bold")


def _time_lost(lost: Sequence[float]) -> Text:
    if not lost:
        return Text("· nobody was killed", style="dim")
    if len(lost) == 1:
        text = f"{lost[0]:.2f} s lost, from the kill to the next step recorded by another worker"
    else:
        text = (
            f"{sum(lost):.2f} s lost by {count(len(lost), 'kill')}, "
            f"at most {max(lost):.2f} s by one, from a kill to the next step recorded"
        )
    return Text.assemble(("· ", "yellow"), text)


def _mark(kill: Kill) -> Mark:
    return Mark(
        at=kill.at, text=f"kill -9 {kill.pid}, {count(len(kill.in_flight), 'step')} in flight"
    )


def _numbers(files: int, total: dict[str, Any]) -> list[str | Text]:
    things = total["classes"] + total["functions"]
    share = f"{total['documented'] / things:.0%}" if things else ""
    longest = f"{total['longest']}, {count(total['longest_lines'], 'line')}" if things else ""
    return [
        f"{files:,}",
        f"{total['lines']:,}",
        f"{total['classes']:,}",
        f"{total['functions']:,}",
        share,
        Text(longest, no_wrap=True, overflow="ellipsis"),
    ]
