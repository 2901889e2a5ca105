"""Group commit: whatever is ready goes as one transaction; meanwhile the next batch gathers.

There is no timer: an idle process commits at once, a busy one in large batches. Answers are delivered in
callbacks of the host's loop, so that what they set going may turn executions.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, Final, Protocol

import msgspec

from outlast._clock import SECOND, Clock, Micros, Timer
from outlast._runtime.observers import Observers
from outlast.errors import NoAppError, WorldUnavailableError
from outlast.world import (
    Advance,
    Advanced,
    Append,
    Appended,
    Batch,
    Created,
    EventLog,
    Receipt,
    RunDraft,
)

logger: Final = logging.getLogger("outlast")

MAX_BATCH: Final = 1_000
DELIVER_AT_ONCE: Final = 100
"""So many answers are delivered before the next batch may go and other callbacks have their turn."""
_BACKOFF: Final[tuple[Micros, ...]] = (SECOND // 50, SECOND // 10, SECOND // 2, SECOND, 2 * SECOND)


class Advancing(Protocol):
    """A live run, as far as the committer sees it."""

    def take_advance(self) -> Advance | None:
        """What it has to write now; `None` if there is nothing after all."""
        ...

    def advanced(self, answer: Advanced, at: Micros) -> None:
        """It was committed, or refused."""
        ...

    def abandoned(self, error: Exception) -> None:
        """It could not be committed, and never will be."""
        ...


OnCreated = Callable[[Created | Exception, Micros], None]
OnAppended = Callable[[Appended | Exception], None]


class _Flight(msgspec.Struct, kw_only=True, gc=False):
    """A batch on its way, with those who wait for it."""

    batch: Batch
    on_created: list[OnCreated]
    runs: list[Advancing]
    on_appended: list[OnAppended]
    began: Micros
    failures: int = 0
    """How often the world could not be reached."""


class Committer:
    """The one door to the world's log for this process."""

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        observers: Observers,
        *,
        on_nudged: Callable[[Sequence[str]], None],
        on_broken: Callable[[Exception], None],
    ) -> None:
        self._log, self._clock, self._observers = log, clock, observers
        self._on_nudged, self._on_broken = on_nudged, on_broken
        self._creates: deque[tuple[RunDraft, OnCreated]] = deque()
        self._appends: deque[tuple[Append, OnAppended]] = deque()
        self._runs: dict[Advancing, None] = {}
        self._context = copy_context()
        self._scheduled = False
        self._closed = False
        self._flight: _Flight | None = None
        self._writing: asyncio.Future[Receipt] | None = None
        """What the world will answer to it; `None` while it waits to be tried again."""
        self._retry: Timer | None = None

    def create(self, draft: RunDraft, done: OnCreated) -> None:
        """Create a run with the next batch. After `close` it is answered with `NoAppError`."""
        self._creates.append((draft, done))
        self._schedule()

    def append(self, append: Append, done: OnAppended) -> None:
        """Append to a log with the next batch. After `close` it is answered with `NoAppError`."""
        self._appends.append((append, done))
        self._schedule()

    def advance(self, run: Advancing) -> None:
        """Ask a run for its advance when the next batch is made up. Idempotent."""
        if run not in self._runs:
            self._runs[run] = None
            self._schedule()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or waiting."""
        return self._flight is None and not (self._creates or self._appends or self._runs)

    async def close(self) -> None:
        """Stop what is under way: it may or may not have been committed. What comes after it is not.
        Whoever waits for an answer gets `NoAppError`."""
        self._closed = True
        if self._retry is not None:
            self._retry.cancel()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        self._refuse()

    def _schedule(self) -> None:
        if not self._scheduled and self._flight is None:
            self._scheduled = True
            # In a context of its own: whoever asked first must not lend the batch, and all that its
            # answers set going, what belongs to it alone.
            asyncio.get_running_loop().call_soon(self._flush, context=self._context)

    def _flush(self) -> None:
        self._scheduled = False
        if self._closed:
            self._refuse()
        if self._flight is not None or self._closed:
            return
        self._flight = self._make_up()
        if self._flight is not None:
            self._clock.hold()
            self._write(self._flight)

    def _write(self, flight: _Flight) -> None:
        """Hand the batch to the world. No task: what is answered at once is delivered at once."""
        flight.began = self._clock.now()
        self._writing = asyncio.ensure_future(self._log.commit(flight.batch))
        if self._writing.done():
            self._written(self._writing)
        else:
            self._writing.add_done_callback(self._written, context=self._context)

    def _refuse(self) -> None:
        """The app is closed: say so to those who wait for what they have asked for."""
        error = NoAppError("writing to a run")
        flight, self._flight = self._flight, None
        creates = [done for _, done in self._creates] + (flight.on_created if flight else [])
        appends = [done for _, done in self._appends] + (flight.on_appended if flight else [])
        self._creates.clear()
        self._appends.clear()
        for created in creates:
            created(error, 0)
        for appended in appends:
            appended(error)

    def _make_up(self) -> _Flight | None:
        creates = [self._creates.popleft() for _ in range(min(len(self._creates), MAX_BATCH))]
        # All of them: what was queued before an advance must not be committed after it.
        appends, self._appends = list(self._appends), deque()
        runs: list[Advancing] = []
        advances: list[Advance] = []
        for run in list(self._runs):
            del self._runs[run]
            advance = run.take_advance()
            if advance is not None:
                runs.append(run)
                advances.append(advance)
        if not (creates or appends or advances):
            return None
        return _Flight(
            batch=Batch(
                creates=tuple(draft for draft, _ in creates),
                advances=tuple(advances),
                appends=tuple(append for append, _ in appends),
            ),
            on_created=[done for _, done in creates],
            runs=runs,
            on_appended=[done for _, done in appends],
            began=0,
        )

    def _written(self, writing: asyncio.Future[Receipt]) -> None:
        flight, self._writing = self._flight, None
        if writing.cancelled() or flight is None:
            self._clock.release()
            return  # closed
        error = writing.exception()
        if isinstance(error, WorldUnavailableError):
            self._observers.commit_failed(error)
            self._try_again_later(flight)
            return
        self._flight = None
        try:
            if error is None:
                self._note(flight)
                self._deliver(_deliveries(flight, writing.result(), self._on_nudged))
            elif isinstance(error, Exception):
                self._deliver_failure(flight, error)
            else:
                raise error
        finally:
            self._clock.release()
            if self._creates or self._appends or self._runs:
                self._schedule()

    def _try_again_later(self, flight: _Flight) -> None:
        """Time goes on meanwhile, for a clock that skips."""
        delay = _BACKOFF[min(flight.failures, len(_BACKOFF) - 1)]
        flight.failures += 1
        self._retry = self._clock.call_at(self._clock.now() + delay, self._try_again)
        self._clock.release()

    def _try_again(self) -> None:
        self._retry = None
        if self._flight is not None and not self._closed:
            self._clock.hold()
            self._write(self._flight)

    def _note(self, flight: _Flight) -> None:
        batch = flight.batch
        events = sum([len(advance.events) for advance in batch.advances])
        self._observers.committed(
            events + len(batch.creates) + len(batch.appends),
            len(flight.runs),
            self._clock.now() - flight.began,
        )

    def _deliver(self, deliveries: deque[tuple[Callable[..., None], tuple[Any, ...]]]) -> None:
        for _ in range(min(len(deliveries), DELIVER_AT_ONCE)):
            deliver, arguments = deliveries.popleft()
            try:
                deliver(*arguments)
            except Exception:  # what goes wrong for one must not keep the others from their answers
                logger.exception("an answer of a commit could not be taken")
        if deliveries:
            asyncio.get_running_loop().call_soon(self._deliver, deliveries)

    def _deliver_failure(self, flight: _Flight, error: Exception) -> None:
        self._observers.commit_failed(error)
        for created in flight.on_created:
            created(error, 0)
        for run in flight.runs:
            run.abandoned(error)
        for appended in flight.on_appended:
            appended(error)
        self._on_broken(error)


def _deliveries(
    flight: _Flight, receipt: Receipt, on_nudged: Callable[[Sequence[str]], None]
) -> deque[tuple[Callable[..., None], tuple[Any, ...]]]:
    made: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
    for created, answer in zip(flight.on_created, receipt.created, strict=True):
        made.append((created, (answer, receipt.at)))
    for run, advanced in zip(flight.runs, receipt.advanced, strict=True):
        made.append((run.advanced, (advanced, receipt.at)))
    for appended, placed in zip(flight.on_appended, receipt.appended, strict=True):
        made.append((appended, (placed,)))
    if receipt.nudged:
        made.append((on_nudged, (receipt.nudged,)))
    return made
