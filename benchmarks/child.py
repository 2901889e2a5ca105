"""One measurement, in this process: `python -m benchmarks.child NAME FOLDER [--quick]`."""

import sys
from pathlib import Path

import msgspec

from benchmarks.limits import measure_limits
from benchmarks.model import Place
from benchmarks.workloads import WORKLOADS

RESULT = "result.json"
"""The file in the folder that the measurement is written to."""


def main(arguments: list[str]) -> None:
    """Measure the machine's limits, then the workload, and write down both."""
    name, folder = arguments[0], Path(arguments[1])
    limits = measure_limits(folder)
    measured = WORKLOADS[name].measure(Place(folder, "--quick" in arguments))
    (folder / RESULT).write_bytes(msgspec.json.encode({**limits, **measured}))


if __name__ == "__main__":
    main(sys.argv[1:])
