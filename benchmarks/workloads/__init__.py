"""All workloads, in the order of the report."""

from typing import Final

from benchmarks.model import Workload
from benchmarks.workloads.agent_latency import AGENT_LATENCY
from benchmarks.workloads.agent_turns import AGENT_LOG, AGENT_SESSION500, AGENT_TURN
from benchmarks.workloads.asleep import ASLEEP100K, PG_ASLEEP100K
from benchmarks.workloads.chats import CHATS200, CHATS200_AGENTS
from benchmarks.workloads.claims import PG_CLAIMS
from benchmarks.workloads.gather500 import GATHER500, PG_GATHER500
from benchmarks.workloads.idle import PG_IDLE
from benchmarks.workloads.imports import IMPORTS
from benchmarks.workloads.kill import KILL200, PG_KILL200
from benchmarks.workloads.listing import LIST1M, PG_LIST1M
from benchmarks.workloads.long_runs import LONG2K, LONG20K, PG_LONG2K
from benchmarks.workloads.replay import REPLAY20K
from benchmarks.workloads.seq10 import PG_SEQ10, SEQ10
from benchmarks.workloads.sse_idle import PG_SSE_IDLE, SSE_IDLE
from benchmarks.workloads.sse_readers import PG_SSE_READERS, SSE_READERS
from benchmarks.workloads.streams import PG_STREAMS, STREAMS
from benchmarks.workloads.telemetry import TELEMETRY
from benchmarks.workloads.throughput import PG_THROUGHPUT, THROUGHPUT
from benchmarks.workloads.web_runs import PG_WEB_RUNS100K, WEB_RUNS100K
from benchmarks.workloads.webhooks import PG_WEBHOOKS, WEBHOOKS
from benchmarks.workloads.workers4 import PG_WORKERS4

_ALL: Final = (
    SEQ10,
    THROUGHPUT,
    TELEMETRY,
    LONG2K,
    LONG20K,
    GATHER500,
    ASLEEP100K,
    REPLAY20K,
    KILL200,
    STREAMS,
    SSE_READERS,
    SSE_IDLE,
    WEBHOOKS,
    AGENT_TURN,
    AGENT_LATENCY,
    AGENT_LOG,
    AGENT_SESSION500,
    CHATS200,
    CHATS200_AGENTS,
    LIST1M,
    WEB_RUNS100K,
    IMPORTS,
    PG_SEQ10,
    PG_THROUGHPUT,
    PG_WORKERS4,
    PG_LONG2K,
    PG_GATHER500,
    PG_ASLEEP100K,
    PG_CLAIMS,
    PG_LIST1M,
    PG_WEB_RUNS100K,
    PG_IDLE,
    PG_KILL200,
    PG_STREAMS,
    PG_SSE_READERS,
    PG_SSE_IDLE,
    PG_WEBHOOKS,
)

WORKLOADS: Final[dict[str, Workload]] = {workload.name: workload for workload in _ALL}
