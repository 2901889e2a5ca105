"""One measurement, in this process: `python -m benchmarks.child NAME URL FOLDER [--quick]`."""

import asyncio
import sys
from pathlib import Path

import msgspec

from benchmarks.databases import database_of
from benchmarks.limits import measure_limits
from benchmarks.model import Place
from benchmarks.workloads import WORKLOADS

RESULT = "result.json"
"""The file in the folder that the measurement is written to."""


def main(arguments: list[str]) -> None:
    """Measure the machine's limits, then the workload, and write down both."""
    name, url, folder = arguments[:3]
    place = Place(url=url, folder=Path(folder), quick="--quick" in arguments)
    limits = asyncio.run(measure_limits(database_of(place)))
    measured = WORKLOADS[name].measure(place)
    (place.folder / RESULT).write_bytes(msgspec.json.encode({**limits, **measured}))


if __name__ == "__main__":
    main(sys.argv[1:])
