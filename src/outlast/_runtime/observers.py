"""All instruments as one."""

from collections.abc import Sequence

from outlast._clock import Micros
from outlast.instrument import Instrument


class Observers(Instrument):
    """Passes every call on to each instrument, in their order."""

    def __init__(self, instruments: Sequence[Instrument] = ()) -> None:
        self._instruments = tuple(instruments)

    def worker_started(self, worker_id: str) -> None:
        for instrument in self._instruments:
            instrument.worker_started(worker_id)

    def worker_stopped(self, worker_id: str) -> None:
        for instrument in self._instruments:
            instrument.worker_stopped(worker_id)

    def run_claimed(self, run_id: str, epoch: int) -> None:
        for instrument in self._instruments:
            instrument.run_claimed(run_id, epoch)

    def run_suspended(self, run_id: str) -> None:
        for instrument in self._instruments:
            instrument.run_suspended(run_id)

    def run_ended(self, run_id: str, status: str) -> None:
        for instrument in self._instruments:
            instrument.run_ended(run_id, status)

    def run_blocked(self, run_id: str, problem: str) -> None:
        for instrument in self._instruments:
            instrument.run_blocked(run_id, problem)

    def run_fenced(self, run_id: str) -> None:
        for instrument in self._instruments:
            instrument.run_fenced(run_id)

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        for instrument in self._instruments:
            instrument.attempt_started(run_id, step_id, attempt)

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        for instrument in self._instruments:
            instrument.attempt_ended(run_id, step_id, attempt, error)

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        for instrument in self._instruments:
            instrument.committed(events, runs, duration)

    def commit_failed(self, error: Exception) -> None:
        for instrument in self._instruments:
            instrument.commit_failed(error)

    def loop_blocked(self, what: str, line: str, duration: Micros) -> None:
        for instrument in self._instruments:
            instrument.loop_blocked(what, line, duration)
