"""Group commit: whatever is ready goes as one transaction; meanwhile the next batch gathers.

There is no timer: an idle process commits at once, a busy one in large batches. Answers are delivered in
callbacks of the host's loop, so that what they set going may turn executions.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Final

from outlast._clock import Clock
from outlast._runtime.answers import AT_ONCE, Answers
from outlast._runtime.backoff import Backoff
from outlast._runtime.flights import (
    Advancing,
    Calls,
    Flight,
    OnAppended,
    OnCreated,
    OnDelivered,
    OnSettled,
)
from outlast._runtime.observers import Observers
from outlast.errors import NoAppError, WorldError, WorldUnavailableError
from outlast.world import (
    Advance,
    Append,
    ClaimedRun,
    ClaimRequest,
    Deliver,
    EventLog,
    Receipt,
    RunDraft,
    Settle,
)

logger: Final = logging.getLogger("outlast")

_TOLD_AT: Final = 3
"""After so many failures of one batch, about a second, it is said that it cannot be written."""

MAX_BATCH: Final = 500
"""So many runs advance, and so many are created, with one batch. The world then works at one half of a thousand busy
runs while what came of the other half is taken."""


class Committer:
    """The one door to the world's log for this process."""

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        observers: Observers,
        *,
        claim: Callable[[], ClaimRequest | None],
        on_claimed: Callable[[Sequence[ClaimedRun]], None],
        on_nudged: Callable[[Sequence[str]], None],
        on_broken: Callable[[Exception], None],
    ) -> None:
        self._log, self._clock, self._observers = log, clock, observers
        self._claim, self._on_claimed = claim, on_claimed
        self._on_nudged, self._on_broken = on_nudged, on_broken
        self._creates: deque[tuple[RunDraft, OnCreated]] = deque()
        self._appends: deque[tuple[Append, OnAppended]] = deque()
        self._settles: deque[tuple[Settle, OnSettled]] = deque()
        self._deliveries: deque[tuple[Deliver, OnDelivered]] = deque()
        self._runs: dict[Advancing, None] = {}
        self._alone: deque[Flight] = deque()
        """The parts of a batch that was refused: each is tried by itself, before anything else."""
        self.on_unsure: Callable[[Sequence[str]], None] = lambda _run_ids: None
        """Told which runs a try of a commit may have claimed that was never answered."""
        self._context = copy_context()
        self._scheduled = False
        self._closed = False
        self._flight: Flight | None = None
        self.writing: asyncio.Future[Receipt] | None = None
        """What the world will answer to it; `None` while it waits to be tried again."""
        self._backoff = Backoff(clock, self._try_again)
        self._answers = Answers()

    def create(self, draft: RunDraft, done: OnCreated) -> None:
        """Create a run with the next batch. After `close` it is answered with `NoAppError`."""
        self._creates.append((draft, done))
        self._schedule()

    def append(self, append: Append, done: OnAppended) -> None:
        """Append to a log with the next batch. After `close` it is answered with `NoAppError`."""
        self._appends.append((append, done))
        self._schedule()

    def settle(self, settle: Settle, done: OnSettled) -> None:
        """Write what became of a dispatched step with the next batch. After `close` it is answered with
        `NoAppError`."""
        self._settles.append((settle, done))
        self._schedule()

    def deliver(self, delivery: Deliver, done: OnDelivered) -> None:
        """Hand a payload to a hook with the next batch. After `close` it is answered with `NoAppError`."""
        self._deliveries.append((delivery, done))
        self._schedule()

    def advance(self, run: Advancing) -> None:
        """Ask a run for its advance when the next batch is made up. Idempotent."""
        if run not in self._runs:
            self._runs[run] = None
            self._schedule()

    @property
    def delivering(self) -> bool:
        """Whether payloads of hooks are being written, or about to be."""
        return bool(self._deliveries or (self._flight is not None and self._flight.deliveries))

    async def close(self) -> None:
        """Stop what is under way: it may or may not have been committed. What comes after it is not.
        Whoever waits for an answer gets `NoAppError`."""
        self._closed = True
        self._backoff.cancel()
        if self.writing is not None:
            self.writing.cancel()
            await asyncio.gather(self.writing, return_exceptions=True)
        self._refuse()

    def _has_work(self) -> bool:
        asked = self._creates or self._appends or self._settles or self._deliveries
        return bool(self._runs or asked or self._alone)

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
        flight = self._alone.popleft() if self._alone else self._make_up()
        if len(flight):
            self._flight = flight
            self._clock.hold()
            self._write(flight)

    def _refuse(self) -> None:
        """The app is closed: say so to those who wait for what they have asked for."""
        error = NoAppError("writing to a run")
        flights = [self._flight] if self._flight else []
        flights += [*self._alone, Flight(appends=self._appends, creates=self._creates)]
        flights.append(Flight(settles=self._settles, deliveries=self._deliveries))
        self._flight, self._alone = None, deque()
        self._appends, self._creates, self._settles = deque(), deque(), deque()
        self._deliveries = deque()
        for flight in flights:
            for tell, arguments in flight.refusals(error):
                tell(*arguments)

    def _make_up(self) -> Flight:
        creates = [self._creates.popleft() for _ in range(min(len(self._creates), MAX_BATCH))]
        # All of them: what was queued before an advance must not be committed after it.
        appends, self._appends = list(self._appends), deque()
        settles, self._settles = list(self._settles), deque()
        deliveries, self._deliveries = list(self._deliveries), deque()
        advances: list[tuple[Advance, Advancing]] = []
        for run in list(self._runs):
            if len(advances) == MAX_BATCH:
                break
            del self._runs[run]
            advance = run.take_advance()
            if advance is not None:
                advances.append((advance, run))
        return Flight(
            creates=creates,
            advances=advances,
            appends=appends,
            settles=settles,
            deliveries=deliveries,
        )

    def _write(self, flight: Flight) -> None:
        """Hand the batch to the world. No task: what is answered at once is delivered at once."""
        flight.began = self._clock.now()
        batch = flight.batch(self._claim() if flight.wakes else None)
        self.writing = asyncio.ensure_future(self._log.commit(batch))
        if self.writing.done():
            self._written(self.writing)
        else:
            self.writing.add_done_callback(self._written, context=self._context)

    def _written(self, writing: asyncio.Future[Receipt]) -> None:
        flight, self.writing = self._flight, None
        if writing.cancelled() or flight is None:
            self._clock.release()
            return  # closed
        error = writing.exception()
        if isinstance(error, WorldUnavailableError):
            self._observers.commit_failed(error)
            if flight.failures == _TOLD_AT:  # once an outage, and not of what is over in a moment
                logger.warning("nothing can be written for now; trying again: %s", error)
            self._try_again_later(flight)
            return
        self._flight = None
        try:
            if error is None:
                self._committed(flight, writing.result())
            elif isinstance(error, Exception):
                self._failed(flight, error)
            else:
                raise error
        finally:
            self._clock.release()
            if self._has_work():
                self._schedule()

    def _try_again_later(self, flight: Flight) -> None:
        self._backoff.begin(flight.failures)
        flight.failures += 1
        self._clock.release()

    def _try_again(self) -> None:
        if self._flight is not None and not self._closed:
            self._clock.hold()
            self._write(self._flight)

    def _committed(self, flight: Flight, receipt: Receipt) -> None:
        if flight.failures > _TOLD_AT:
            logger.warning("what waited to be written is written")
        duration = self._clock.now() - flight.began
        self._observers.committed(flight.events(), len(flight.advances), duration)
        if (tracer := self._observers.tracer) is not None:
            runs = [advance.run_id for advance, _ in flight.advances]
            tracer.batch_committed(runs, flight.events(), len(receipt.claimed), flight.began)
        if receipt.claimed:  # first: whoever hears that a run was woken must not have it claimed
            self._on_claimed(receipt.claimed)
        calls = flight.answers(receipt)
        if receipt.nudged:
            calls.append((self._on_nudged, (receipt.nudged,)))
        if flight.failures:
            calls.append((self.on_unsure, (flight.touched(receipt),)))
        self._answer(calls)

    def _failed(self, flight: Flight, error: Exception) -> None:
        """The world refuses for good. If that is about one of many parts, the others are to have what
        they asked for; if it is about the world, nobody is."""
        self._observers.commit_failed(error)
        if isinstance(error, WorldError):
            self._answer(flight.refusals(error))
            self._on_broken(error)
        elif len(flight) > 1:
            self._alone.extend(flight.alone())
        else:
            logger.error("a commit was refused", exc_info=error)
            self._answer(flight.refusals(error))

    def _answer(self, calls: Calls) -> None:
        """Tell what has come of a batch. If many wait for the next one already, it goes first, so that the world works
        meanwhile; few wait for what comes of the answers, to go with it."""
        self._answers.add(calls)
        if len(self._runs) + len(self._creates) >= AT_ONCE:
            self._flush()
        self._answers.tell()
