"""`WorkerOptions`: how a worker works, validated once."""

from collections.abc import Collection
from typing import Any, cast

import msgspec

from outlast._api.settings import find_retention
from outlast._registry.durations import duration
from outlast._registry.policy import Delay
from outlast._runtime.options import RuntimeOptions
from outlast.errors import SettingsError


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the worker of an app works. Times are seconds, texts such as `"30s"`, or `timedelta`s.

    Raises `SettingsError` or `InvalidDurationError` when it is made with a value that cannot be used.
    """

    queues: tuple[str, ...] = ("default",)
    """The queues whose runs it claims, and whose steps: those of `@step(queue=...)`."""
    max_live_runs: int = 2_000
    """How many runs it holds in memory at once; what comes beyond that waits in the world."""
    max_steps: int = 1_000
    """How many attempts of steps it makes at once, of its own runs and of others' together."""
    max_threads: int = 32
    """How many of them are of `def` steps, which run in threads."""
    lease: Delay = "30s"
    """How long a claim holds without a heartbeat; heartbeats come three times as often."""
    linger: Delay = "1s"
    """How long an idle run stays in memory when what it waits for may come soon."""
    slow_step_after: Delay = "100ms"
    """After this time an attempt is noted in the log as started."""
    step_input_limit: int = 1_024
    """Inputs of steps of up to so many bytes are kept in the log; of longer ones the digest."""
    recovery_limit: int = 10
    """So many dead workers in a row, without progress between them, fail a run; and a step of another
    worker's run."""
    grace: Delay = "10s"
    """How long a stopping worker waits for the attempts in flight."""
    retention: Delay | None = None
    """How long runs are kept after their end; by default `OUTLAST_RETENTION`, then `retention` of
    `[tool.outlast]` in pyproject.toml, then for ever."""
    verify_replay: bool = False
    """Replay each run from its log at every suspension and at its end, and compare: shows
    nondeterminism on the first run, at about twice the cost. For development."""

    def __post_init__(self) -> None:
        for name in ("max_live_runs", "max_steps", "max_threads"):
            if getattr(self, name) < 1:
                reason = "it must be at least 1"
                raise SettingsError(name, getattr(self, name), "WorkerOptions", reason)
        if duration(self.lease) < 1_000_000:
            raise SettingsError(
                "lease", self.lease, "WorkerOptions", "it must be at least 1 second"
            )
        _check_queues(self.queues)


def _check_queues(queues: Any) -> None:
    """For users without a type checker: one text would be taken for many queues of one letter."""
    if not isinstance(queues, tuple | list | set | frozenset) or not queues:
        raise SettingsError(
            "queues", cast("object", queues), "WorkerOptions", "it must list queues"
        )
    queues = cast("Collection[object]", queues)
    if not all(isinstance(queue, str) and queue and queue.isprintable() for queue in queues):
        reason = "a queue is a text of printable characters"
        raise SettingsError("queues", queues, "WorkerOptions", reason)


def runtime_options(options: WorkerOptions) -> RuntimeOptions:
    """The same for the runtime: times in microseconds, and what is not given as it is set elsewhere.

    Raises `SettingsError`.
    """
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
        retention=find_retention(options.retention),
        verify_replay=options.verify_replay,
    )
