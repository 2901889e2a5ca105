"""The results as tables: for the terminal, and for REPORT.md."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rich.table import Table

from benchmarks.harness import Sample, median, median_limit
from benchmarks.model import Figure, WorldName
from benchmarks.workloads import WORKLOADS

LIMITS = (
    ("commit_ms", "one durable commit, median", "ms"),
    ("commits_s", "durable commits one by one", "1/s"),
    ("reused_ms", "one durable commit into a write-ahead log that need not grow, median", "ms"),
    ("commits16_s", "durable commits, one by one on each of 16 connections", "1/s"),
    ("rows_s", "durable rows, 100 a commit", "1/s"),
    ("round_trip_ms", "a round trip to the server, median", "ms"),
    ("task_us", "a round trip through an asyncio task", "us"),
)
HEAD = ("workload", "figure", "target", "reached", "", "limit of the machine", "of the limit")


class Row(NamedTuple):
    """A figure of a workload, all as text."""

    workload: str
    figure: str
    target: str
    reached: str
    met: str
    limit: str
    share: str


def rows(samples: Mapping[str, list[Sample]]) -> Iterator[Row]:
    """The rows of the table of workloads. What a workload tells now and did not when it was measured has no row."""
    for name, taken in samples.items():
        told = [one for one in WORKLOADS[name].figures if one.key in taken[0].measured]
        for number, figure in enumerate(told):
            yield _row("" if number else WORKLOADS[name].title, figure, taken)


def _row(title: str, figure: Figure, samples: list[Sample]) -> Row:
    value = median(samples, figure.key)
    limit = median_limit(samples, figure)
    met = figure.reaches(value, limit)
    return Row(
        title,
        figure.what,
        _target(figure),
        f"{shown(value)} {figure.unit}",
        "" if met is None else "reached" if met else "missed",
        "" if figure.limit is None or limit is None else f"{shown(limit)}: {figure.limit.what}",
        "" if not limit else f"{value / limit:.2f} x",
    )


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "<=" if figure.better == "less" else ">="
    unit = "x the limit" if figure.per_limit else figure.unit
    return f"{sign} {shown(figure.target)} {unit}"


def shown(value: float) -> str:
    """A number as people read it: three figures that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def of_world(samples: Mapping[str, list[Sample]], world: WorldName) -> dict[str, list[Sample]]:
    """Those of the workloads of one world."""
    return {name: taken for name, taken in samples.items() if WORKLOADS[name].world == world}


def workloads_table(samples: Mapping[str, list[Sample]], title: str) -> Table:
    """The table of workloads for the terminal."""
    table = Table(*HEAD, title=f"{title}, medians")
    for row in rows(samples):
        colour = {"reached": "green", "missed": "red"}.get(row.met, "")
        table.add_row(*row, style=colour)
    return table


def limits_table(samples: Mapping[str, list[Sample]]) -> Table:
    """The limits of the machine for the terminal."""
    table = Table("limit of the machine", "median", "least", "most")
    for what, *values in limit_rows(samples):
        table.add_row(what, *values)
    return table


def limit_rows(samples: Mapping[str, list[Sample]]) -> Iterator[tuple[str, str, str, str]]:
    """The limits as all processes found them."""
    taken = [sample for some in samples.values() for sample in some]
    for key, what, unit in LIMITS:
        if key not in taken[0].measured:
            continue
        values = [sample.measured[key] for sample in taken]
        yield (
            what,
            f"{shown(median(taken, key))} {unit}",
            f"{shown(min(values))} {unit}",
            f"{shown(max(values))} {unit}",
        )


def markdown(head: tuple[str, ...], lines: Iterator[tuple[str, ...]]) -> str:
    """A table for REPORT.md."""
    made = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*made, *(f"| {' | '.join(line)} |" for line in lines)])
