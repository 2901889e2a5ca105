"""All workloads, in the order of the report."""

from typing import Final

from benchmarks.model import Workload
from benchmarks.workloads.asleep import ASLEEP100K
from benchmarks.workloads.gather500 import GATHER500
from benchmarks.workloads.imports import IMPORTS
from benchmarks.workloads.kill import KILL200
from benchmarks.workloads.long_runs import LONG2K, LONG20K
from benchmarks.workloads.replay import REPLAY20K
from benchmarks.workloads.seq10 import SEQ10
from benchmarks.workloads.throughput import THROUGHPUT

_ALL: Final = (
    SEQ10,
    THROUGHPUT,
    LONG2K,
    LONG20K,
    GATHER500,
    ASLEEP100K,
    REPLAY20K,
    KILL200,
    IMPORTS,
)

WORKLOADS: Final[dict[str, Workload]] = {workload.name: workload for workload in _ALL}
