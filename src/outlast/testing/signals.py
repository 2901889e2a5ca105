"""Named signals: a test waits for what happens instead of sleeping."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from outlast._clock import Micros
from outlast.instrument import Instrument


class Signal(msgspec.Struct, frozen=True):
    """Something that has happened in a runtime."""

    name: str
    """The name of the instrument's method: `run_suspended`."""
    fields: dict[str, Any]
    """Its arguments by name."""


class Signals(Instrument):
    """Notes all that the runtime tells, and lets tests wait for it.

        signals = Signals()
        async with App("memory://", instruments=[signals]) as app:
            run = await app.start(fulfil(order))
            await signals.wait_for("run_suspended", run_id=run.id)

    The names and fields are those of `Instrument`'s methods.
    """

    def __init__(self) -> None:
        self.history: list[Signal] = []
        """All signals so far, in order."""
        self._waiting: list[asyncio.Future[None]] = []

    async def wait_for(self, name: str, *, times: int = 1, **fields: Any) -> Signal:
        """Return the signal once it has come so many times, counted from the beginning.

        It counts the signals of that name whose fields have the values given. What has happened
        already is not waited for. Raises `ValueError` for a name or a field that no signal has.
        """
        while len(found := self.find(name, **fields)) < times:
            woken = asyncio.get_running_loop().create_future()
            self._waiting.append(woken)
            await woken
        return found[times - 1]

    async def wait_for_next(self, name: str, **fields: Any) -> Signal:
        """Return the next such signal; those that have come already do not count."""
        return await self.wait_for(name, times=self.count(name, **fields) + 1, **fields)

    def count(self, name: str, **fields: Any) -> int:
        """How many such signals have come."""
        return len(self.find(name, **fields))

    def find(self, name: str, **fields: Any) -> list[Signal]:
        """The signals of that name whose fields have the values given, in order.

        Raises `ValueError` for a name or a field that no signal has.
        """
        _check(name, fields)
        wanted = fields.items()
        return [one for one in self.history if one.name == name and wanted <= one.fields.items()]

    def worker_started(self, worker_id: str) -> None:
        self._note("worker_started", worker_id=worker_id)

    def worker_stopped(self, worker_id: str) -> None:
        self._note("worker_stopped", worker_id=worker_id)

    def run_claimed(self, run_id: str, epoch: int) -> None:
        self._note("run_claimed", run_id=run_id, epoch=epoch)

    def run_suspended(self, run_id: str) -> None:
        self._note("run_suspended", run_id=run_id)

    def run_ended(self, run_id: str, status: str) -> None:
        self._note("run_ended", run_id=run_id, status=status)

    def run_blocked(self, run_id: str, problem: str) -> None:
        self._note("run_blocked", run_id=run_id, problem=problem)

    def run_fenced(self, run_id: str) -> None:
        self._note("run_fenced", run_id=run_id)

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        self._note("attempt_started", run_id=run_id, step_id=step_id, attempt=attempt)

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        self._note("attempt_ended", run_id=run_id, step_id=step_id, attempt=attempt, error=error)

    def committed(self, events: int, runs: int, duration: Micros) -> None:
        self._note("committed", events=events, runs=runs, duration=duration)

    def commit_failed(self, error: Exception) -> None:
        self._note("commit_failed", error=error)

    def loop_blocked(self, what: str, line: str, duration: Micros) -> None:
        self._note("loop_blocked", what=what, line=line, duration=duration)

    def _note(self, name: str, **fields: Any) -> None:
        self.history.append(Signal(name, fields))
        waiting, self._waiting = self._waiting, []
        for woken in waiting:  # `loop_blocked` comes on a thread of its own
            woken.get_loop().call_soon_threadsafe(_wake, woken)


def _check(name: str, fields: Mapping[str, object]) -> None:
    known = _FIELDS.get(name)
    if known is None:
        message = f"no signal is named {name!r}; the names are {', '.join(_FIELDS)}"
        raise ValueError(message)
    if unknown := fields.keys() - known:
        message = f"the signal {name!r} has no field {min(unknown)!r}; it has {', '.join(known)}"
        raise ValueError(message)


_FIELDS: Final = {
    name: tuple(inspect.signature(method).parameters)[1:]
    for name, method in vars(Instrument).items()
    if not name.startswith("_")
}
"""The fields of each signal."""


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
