"""`python -m benchmarks [NAMES...] [--quick] [--runs N] [--report]`."""

import argparse
import sys
from datetime import UTC, datetime

from rich.console import Console

from benchmarks.harness import IN_MEMORY, FailedError, Sample, machine, measure
from benchmarks.keeping import ResultFile, write_report
from benchmarks.tables import limits_table, workloads_table
from benchmarks.workloads import WORKLOADS


def main() -> int:
    """Measure what is asked for. Slow is no failure; wrong is."""
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 170)
    where = machine()
    if where.file_system in IN_MEMORY:
        console.print(f"[red]on {where.file_system} nothing is durable: these are no figures[/]")
    kept = ResultFile.new(datetime.now(UTC), where)
    samples: dict[str, list[Sample]] = {}
    failures = 0
    for name in options.names or WORKLOADS:
        for run in range(1, options.runs + 1):
            console.print(f"[dim]{name} {run}/{options.runs}[/]")
            try:
                sample = measure(WORKLOADS[name], run=run, quick=options.quick)
            except FailedError as error:
                failures += 1
                console.print(f"{name} failed:\n{error}", style="red", markup=False)
                break
            kept.add(sample)
            samples.setdefault(name, []).append(sample)
    if samples:
        console.print(workloads_table(samples), limits_table(samples))
    console.print(
        f"{where.cores} cores, load {where.load}, Python {where.python}, SQLite {where.sqlite}: {kept.path}"
    )
    if options.report and not failures:
        write_report(kept, where, samples)
    return 1 if failures else 0


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
