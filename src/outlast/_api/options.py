"""`WorkerOptions`: how a worker works, validated once."""

from functools import partial
from typing import Any

import msgspec

from outlast._api.settings import checked, setting
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._runtime.options import RuntimeOptions
from outlast.errors import SettingsError


def _set(name: str) -> Any:
    """As it is set outside of the code."""
    return msgspec.field(default_factory=partial(setting, name))


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the worker of an app works. Times are seconds, texts such as `"30s"`, or `timedelta`s.

    What is not given is taken from the environment (`OUTLAST_LEASE`), then from `[tool.outlast]` in
    pyproject.toml, and else has its default. All is checked when it is made.

    Raises `SettingsError`, which names the value and its source.
    """

    queues: tuple[str, ...] = _set("queues")
    """The queues whose runs it claims, and whose steps: those of `@step(queue=...)`. By default `default`."""
    max_live_runs: int = _set("max_live_runs")
    """How many runs it holds in memory at once; what comes beyond that waits in the world. By default 2,000."""
    max_steps: int = _set("max_steps")
    """How many attempts of steps it makes at once, of its own runs and of others' together. By default 1,000."""
    max_threads: int = _set("max_threads")
    """How many of them are of `def` steps, which run in threads. By default 32."""
    lease: Delay = _set("lease")
    """How long a claim holds without a heartbeat; heartbeats come three times as often. By default 30 seconds."""
    linger: Delay = _set("linger")
    """How long an idle run stays in memory when what it waits for may come soon. By default 1 second."""
    slow_step_after: Delay = _set("slow_step_after")
    """After this time an attempt is noted in the log as started. By default 100 ms."""
    step_input_limit: int = _set("step_input_limit")
    """Inputs of steps of up to so many bytes are kept in the log; of longer ones the digest. By default 1,024."""
    recovery_limit: int = _set("recovery_limit")
    """So many dead workers in a row, without progress between them, fail a run; and a step of another
    worker's run. By default 10."""
    grace: Delay = _set("grace")
    """How long a stopping worker waits for the attempts in flight. By default 10 seconds."""
    stream_buffer_chunks: int = _set("stream_buffer_chunks")
    """How many chunks of streams are buffered, of all steps together, before who writes must wait. By default
    10,000."""
    stream_buffer_bytes: int = _set("stream_buffer_bytes")
    """The same, counted in bytes. By default 4 MiB."""
    retention: Delay | None = _set("retention")
    """How long runs are kept after their end. By default for ever."""
    verify_replay: bool = _set("verify_replay")
    """Replay each run from its log at every suspension and at its end, and compare: shows
    nondeterminism on the first run, at about twice the cost. For development."""

    def __post_init__(self) -> None:
        if isinstance(self.queues, str):  # for users without a type checker
            message = "it must list queues"
            raise SettingsError("queues", self.queues, "WorkerOptions", message)
        for name in self.__struct_fields__:
            checked(name, getattr(self, name), "WorkerOptions")


def runtime_options(options: WorkerOptions) -> RuntimeOptions:
    """The same for the runtime: times in microseconds."""
    return RuntimeOptions(
        queues=tuple(options.queues),
        max_live_runs=options.max_live_runs,
        max_steps=options.max_steps,
        max_threads=options.max_threads,
        lease=duration(options.lease),
        linger=duration(options.linger),
        slow_step_after=duration(options.slow_step_after),
        step_input_limit=options.step_input_limit,
        recovery_limit=options.recovery_limit,
        grace=duration(options.grace),
        stream_buffer_chunks=options.stream_buffer_chunks,
        stream_buffer_bytes=options.stream_buffer_bytes,
        retention=None if options.retention is None else duration(options.retention),
        verify_replay=options.verify_replay,
    )
