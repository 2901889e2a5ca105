"""What a short-lived process pays before it can do anything."""

import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.model import Figure, Limit, Measured, Place, Workload

USED = "from outlast import App, WorkerOptions, sleep, start, step, workflow"
"""What programs import. `import outlast` alone would tell nothing: names bring their modules when asked for."""

BARE = Limit("`python -c pass`", lambda measured: measured["bare_ms"])


def _measure(place: Place) -> Measured:
    times = place.pick(11, 5)
    outlast = str(Path(sys.executable).with_name("outlast"))
    return {
        "import_ms": _wall_ms([sys.executable, "-c", USED], times),
        "help_ms": _wall_ms([outlast, "--help"], times),
        "bare_ms": _wall_ms([sys.executable, "-c", "pass"], times),
    }


def _wall_ms(command: list[str], times: int) -> float:
    """The median time of a whole process; the first one, which may compile, is not counted."""
    return statistics.median(_once(command) for _ in range(times + 1)) * 1e3


def _once(command: list[str]) -> float:
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


IMPORTS = Workload(
    name="imports",
    title="whole processes",
    measure=_measure,
    figures=(
        Figure(
            key="import_ms",
            what="`from outlast import App, step, ...`",
            unit="ms",
            target=250,
            limit=BARE,
        ),
        Figure(key="help_ms", what="`outlast --help`", unit="ms", target=400, limit=BARE),
    ),
)
