"""The metrics."""

from typing import Final

from opentelemetry.metrics import Histogram, Meter

from outlast._clock import SECOND, Micros
from outlast.otel import names

_SHORT: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LONG: Final = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 86_400.0, 604_800.0, 2_592_000.0)
_SIZES: Final = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0)


class Meters:
    """All instruments of the meter. Lengths of time are in seconds."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.run_starts = meter.create_counter(names.RUN_STARTS, "{run}", "Runs created here")
        self.run_ends = meter.create_counter(names.RUN_ENDS, "{run}", "Runs ended or blocked here")
        self.run_live = meter.create_up_down_counter(
            names.RUN_LIVE, "{run}", "Runs in the memory of this process"
        )
        self.attempts = meter.create_counter(
            names.ATTEMPTS, "{attempt}", "Attempts of steps whose outcome was committed"
        )
        self.commit_failures = meter.create_counter(
            names.COMMIT_FAILURES, "{commit}", "Batches that could not be committed"
        )
        self.commit_size = meter.create_histogram(
            names.COMMIT_SIZE,
            "{event}",
            "Events in a committed batch",
            explicit_bucket_boundaries_advisory=_SIZES,
        )
        self.run_duration = self._seconds(names.RUN_DURATION, "From creation to end", _LONG)
        self.replay = self._seconds(names.REPLAY_DURATION, "Replaying the log of a run")
        self.step_duration = self._seconds(names.STEP_DURATION, "One attempt of a step")
        self.queue_delay = self._seconds(names.QUEUE_DELAY, "From being due to being begun")
        self.wake_lag = self._seconds(names.WAKE_LAG, "From the deadline of a wait to its end")
        self.commit_duration = self._seconds(names.COMMIT_DURATION, "Writing a batch")

    def _seconds(
        self, name: str, description: str, buckets: tuple[float, ...] = _SHORT
    ) -> Histogram:
        return self._meter.create_histogram(
            name, "s", description, explicit_bucket_boundaries_advisory=buckets
        )


def seconds(length: Micros) -> float:
    """A length of time; none is negative, whatever clocks say."""
    return max(0, length) / SECOND
