"""Keeping results: one file of JSON lines a run of the benchmarks, and the report."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import Machine, Sample
from benchmarks.model import WORLDS, WorldName
from benchmarks.tables import HEAD, limit_rows, markdown, of_world, rows
from benchmarks.workloads import WORKLOADS

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "results"
REPORT: Final = FOLDER / "REPORT.md"


class ResultFile:
    """A file of results: first the machine, then a line for each measurement, as it comes."""

    def __init__(self, path: Path, at: datetime, where: Machine) -> None:
        self.path = path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(msgspec.json.encode({"at": at, "machine": where}) + b"\n")

    @classmethod
    def new(cls, at: datetime, where: Machine) -> "ResultFile":
        """A new file, named for its time."""
        return cls(RESULTS / f"{at:%Y%m%d-%H%M%S}.jsonl", at, where)

    def add(self, sample: Sample) -> None:
        """Add a measurement."""
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(sample) + b"\n")


def write_report(at: datetime, where: Machine, samples: Mapping[str, list[Sample]]) -> None:
    """Put the tables of each world that was measured between its marks in REPORT.md, and keep the
    results as those of the report. What was not measured this time stays as it was."""
    for world in WORLDS:
        if of_world(samples, world):
            path = RESULTS / f"report-{world}.jsonl"
            every = {**_kept(path), **of_world(samples, world)}
            some = {name: every[name] for name in WORKLOADS if name in every}
            kept = ResultFile(path, at, where)
            for sample in [sample for taken in some.values() for sample in taken]:
                kept.add(sample)
            REPORT.write_text(
                between_marks(REPORT.read_text(), world, _measured(where, world, some))
            )


def _kept(path: Path) -> dict[str, list[Sample]]:
    """What the last report had, of workloads that are still there."""
    kept: dict[str, list[Sample]] = {}
    for line in path.read_bytes().splitlines()[1:] if path.exists() else ():
        sample = msgspec.json.decode(line, type=Sample)
        if sample.workload in WORKLOADS:
            kept.setdefault(sample.workload, []).append(sample)
    return kept


def between_marks(report: str, world: WorldName, text: str) -> str:
    """The report with the text in the place of what was measured on a world."""
    begin, end = f"<!-- {world}: begin -->", f"<!-- {world}: end -->"
    before, _, rest = report.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def _measured(where: Machine, world: WorldName, samples: Mapping[str, list[Sample]]) -> str:
    runs = sorted({len(some) for some in samples.values()})
    loads = [sample.load for some in samples.values() for sample in some]
    measured = (
        f"{where.shown(world)}. Load average before a measurement: {min(loads)} to {max(loads)}. "
        f"Medians of {' or '.join(map(str, runs))} measurements."
    )
    return "\n\n".join(
        [
            measured,
            markdown(HEAD, iter(rows(samples))),
            markdown(("limit of the machine", "median", "least", "most"), limit_rows(samples)),
        ]
    )
