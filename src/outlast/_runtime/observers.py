"""All instruments as one."""

import logging
from collections.abc import Callable, Sequence
from typing import Final, ParamSpec

from outlast._clock import Clock, Micros
from outlast.instrument import Instrument, Tracer, Undertaking

P = ParamSpec("P")

logger: Final = logging.getLogger("outlast")

_UNSEEN: Final = Undertaking()
"""What nobody follows."""


class Observers(Instrument):
    """Passes every call on to each instrument, in their order; what one raises is logged."""

    def __init__(self, instruments: Sequence[Instrument] = ()) -> None:
        self._instruments = tuple(instruments)
        self._idle: tuple[Instrument, ...] = ()
        """Those that had nobody to tell when the app was opened last. They may when it is opened again."""
        self.tracer: Tracer | None = None
        """Who follows closely what goes on, if anybody does."""

    def open(self, clock: Clock) -> None:
        """The app opens: find its tracer, and leave out those that have nobody to tell."""
        known = (*self._instruments, *self._idle)
        self._idle = tuple(one for one in known if isinstance(one, Tracer) and not one.opens(clock))
        self._instruments = tuple(one for one in known if one not in self._idle)
        tracers = [one for one in self._instruments if isinstance(one, Tracer)]
        self.tracer = tracers[0] if tracers else None

    def add(self, instrument: Instrument) -> None:
        """From now on it is told, too."""
        self._instruments = (*self._instruments, instrument)

    def remove(self, instrument: Instrument) -> None:
        """It is told no more."""
        self._instruments = tuple(one for one in self._instruments if one is not instrument)

    def starting(self, run_id: str, workflow: str) -> Undertaking:
        """A run is about to be created."""
        return _UNSEEN if self.tracer is None else self.tracer.starting(run_id, workflow)

    def resuming(self, run_id: str, hook_id: str) -> Undertaking:
        """A payload is about to be put into the log of a run."""
        return _UNSEEN if self.tracer is None else self.tracer.resuming(run_id, hook_id)

    def run_left(self, run_id: str) -> None:
        """Tell the tracer: others have heard how the run has left."""
        if self.tracer is not None:
            self.tracer.run_left(run_id)

    def worker_started(self, worker_id: str) -> None:
        for one in self._instruments:
            _tell(one.worker_started, worker_id)

    def worker_stopped(self, worker_id: str) -> None:
        for one in self._instruments:
            _tell(one.worker_stopped, worker_id)

    def run_claimed(self, run_id: str, epoch: int) -> None:
        for one in self._instruments:
            _tell(one.run_claimed, run_id, epoch)

    def run_suspended(self, run_id: str) -> None:
        for one in self._instruments:
            _tell(one.run_suspended, run_id)

    def run_ended(self, run_id: str, status: str) -> None:
        for one in self._instruments:
            _tell(one.run_ended, run_id, status)

    def run_blocked(self, run_id: str, problem: str) -> None:
        for one in self._instruments:
            _tell(one.run_blocked, run_id, problem)

    def run_fenced(self, run_id: str) -> None:
        for one in self._instruments:
            _tell(one.run_fenced, run_id)

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        for one in self._instruments:
            _tell(one.attempt_started, run_id, step_id, attempt)

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        for one in self._instruments:
            _tell(one.attempt_ended, run_id, step_id, attempt, error)

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        for one in self._instruments:
            _tell(one.committed, events, runs, duration)

    def commit_failed(self, error: Exception) -> None:
        for one in self._instruments:
            _tell(one.commit_failed, error)

    def loop_blocked(self, what: str, line: str, duration: Micros) -> None:
        for one in self._instruments:
            _tell(one.loop_blocked, what, line, duration)


def _tell(call: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
    try:
        call(*arguments, **named)
    except Exception:  # an observer's fault must not stop what it observes
        logger.exception("an instrument has raised")
