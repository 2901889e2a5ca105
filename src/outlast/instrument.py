"""Observing the runtime, without the runtime knowing who observes.

Subclass `Instrument`, override what is of interest, and pass it to `App(instruments=[...])`. The calls
come on the event loop's thread, must be quick, and must not raise. Replay makes no calls.
"""

from outlast._clock import Micros


class Instrument:
    """An observer. Every method does nothing by default."""

    def worker_started(self, worker_id: str) -> None:
        """A worker serves from now on."""

    def worker_stopped(self, worker_id: str) -> None:
        """A worker holds no run any more."""

    def run_claimed(self, run_id: str, epoch: int) -> None:
        """A run was taken, and its log has been replayed up to its end."""

    def run_suspended(self, run_id: str) -> None:
        """A run has left this worker's memory; nothing is running in it."""

    def run_ended(self, run_id: str, status: str) -> None:
        """A run's end was committed: `completed`, `failed` or `cancelled`."""

    def run_blocked(self, run_id: str, problem: str) -> None:
        """A run's code does not fit its log."""

    def run_fenced(self, run_id: str) -> None:
        """A commit was refused: the run has another owner by now, and this one drops it."""

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        """An attempt of a step begins."""

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        """An attempt of a step has ended; its outcome is not committed yet."""

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        """A batch was committed."""

    def commit_failed(self, error: Exception) -> None:
        """A batch could not be committed for now. It will be tried again."""

    def loop_blocked(self, what: str, line: str, duration: Micros) -> None:
        """A step or a workflow has not let the event loop go on for that long. Called on a thread
        of its own, while it lasts."""
