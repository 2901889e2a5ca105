"""Keeping results: one file of JSON lines a run of the benchmarks, and the report."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import Machine, Sample
from benchmarks.tables import HEAD, limit_rows, markdown, rows

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "results"
REPORT: Final = FOLDER / "REPORT.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


class ResultFile:
    """A file of results: first the machine, then a line for each measurement, as it comes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def new(cls, at: datetime, where: Machine) -> "ResultFile":
        """A new file, named for its time."""
        RESULTS.mkdir(exist_ok=True)
        file = cls(RESULTS / f"{at:%Y%m%d-%H%M%S}.jsonl")
        file._write({"at": at, "machine": where})
        return file

    def add(self, sample: Sample) -> None:
        """Add a measurement."""
        self._write(sample)

    def _write(self, line: object) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


def write_report(kept: ResultFile, where: Machine, samples: Mapping[str, list[Sample]]) -> None:
    """Put the tables between the marks of REPORT.md, and keep the results as those of the report."""
    shutil.copyfile(kept.path, RESULTS / "report.jsonl")
    before, _, rest = REPORT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    REPORT.write_text(f"{before}{BEGIN}\n{_measured(where, samples)}\n{END}{after}")


def _measured(where: Machine, samples: Mapping[str, list[Sample]]) -> str:
    runs = max(len(some) for some in samples.values())
    what = (
        f"{where.cores} cores, {where.system}, {where.file_system}, Python {where.python}, "
        f"SQLite {where.sqlite}. Load average before: {where.load}. Medians of {runs} measurements."
    )
    return "\n\n".join(
        [
            what,
            markdown(HEAD, iter(rows(samples))),
            markdown(("limit of the machine", "median", "least", "most"), limit_rows(samples)),
        ]
    )
