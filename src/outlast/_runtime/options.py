"""The options of a runtime and of the worker around it."""

import msgspec

from outlast._clock import SECOND, Micros


class RuntimeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker works. Times are microseconds."""

    queues: tuple[str, ...] = ("default",)
    """The queues whose runs and dispatched steps it claims."""
    max_live_runs: int = 2_000
    """How many runs it holds in memory at once; what comes beyond that waits in the world."""
    max_steps: int = 1_000
    """How many attempts it makes at once."""
    max_threads: int = 32
    """How many of them are of `def` steps, which run in threads."""
    lease: Micros = 30 * SECOND
    """How long a claim holds without a heartbeat; heartbeats come three times as often."""
    linger: Micros = 1 * SECOND
    """How long an idle run stays in memory when what it waits for may come soon."""
    slow_step_after: Micros = SECOND // 10
    """After this time an attempt is noted in the log as started."""
    step_input_limit: int = 1_024
    """Inputs of steps up to so many bytes are kept in the log for inspection; of others the digest."""
    recovery_limit: int = 10
    """So many dead workers in a row, without progress, fail a run."""
    grace: Micros = 10 * SECOND
    """How long a stopping worker waits for attempts in flight."""
    upkeep: Micros = SECOND // 5
    """How often dead workers of this host are looked for."""
    stream_buffer_chunks: int = 10_000
    """How many chunks of streams are buffered, of all steps together, before those who write must wait."""
    stream_buffer_bytes: int = 4 * 1024 * 1024
    """The same, counted in bytes."""
    retention: Micros | None = None
    """How long runs are kept after their end; `None`: for ever."""
    verify_replay: bool = False
    """Replay each run from its log at every suspension and end, and compare (for development)."""
