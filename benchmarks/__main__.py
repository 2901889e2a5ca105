"""`python -m benchmarks [NAMES...] [--quick] [--runs N] [--report]`."""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console

from benchmarks.harness import IN_MEMORY, FailedError, Harness, Sample, harness
from benchmarks.keeping import ResultFile, write_report
from benchmarks.model import WORLDS
from benchmarks.tables import limits_table, of_world, workloads_table
from benchmarks.workloads import WORKLOADS


def main() -> int:
    """Measure what is asked for. Slow is no failure; wrong is."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 170)
    names = options.names or list(WORKLOADS)
    samples: dict[str, list[Sample]] = {}
    with harness([WORKLOADS[name] for name in names]) as bench:
        where = bench.machine()
        if where.file_system in IN_MEMORY:
            console.print(
                f"[red]on {where.file_system} nothing is durable: these are no figures[/]"
            )
        at = datetime.now(UTC)
        kept = ResultFile.new(at, where)
        for name in names:
            for sample in _measured(name, bench, options, console):
                kept.add(sample)
                samples.setdefault(name, []).append(sample)
    for world in WORLDS:
        if some := of_world(samples, world):
            console.print(workloads_table(some, WORLDS[world]), limits_table(some))
            console.print(where.shown(world), markup=False, highlight=False)
    console.print(f"kept in {kept.path}", markup=False, highlight=False)
    failed = sum(len(taken) for taken in samples.values()) < len(names) * options.runs
    if options.report and not failed:
        write_report(at, where, samples)
    return int(failed)


def _measured(
    name: str, bench: Harness, options: argparse.Namespace, console: Console
) -> Iterator[Sample]:
    """So many measurements, or those up to one that fails."""
    for run in range(1, options.runs + 1):
        console.print(f"[dim]{name} {run}/{options.runs}[/]")
        try:
            yield bench.measure(WORKLOADS[name], run=run, quick=options.quick)
        except FailedError as error:
            console.print(f"{name} failed:\n{error}", style="red", markup=False)
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *WORKLOADS], metavar="NAMES")
    parser.add_argument("--quick", action="store_true", help="small forms, to see that all works")
    parser.add_argument("--runs", type=int, default=3, help="how often each (3); medians are shown")
    parser.add_argument(
        "--report", action="store_true", help="write the tables into REPORT.md and keep the results"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
