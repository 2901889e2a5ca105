"""Streams from which nothing is taken back.

Whoever shows a chat counts the chunks that it has got, and comes back with the number. What a failed attempt has written
must keep its places then: the next attempt writes a `reset-step` behind it. Other streams of a run forget what failed attempts
have written, so here each attempt is a writer of its own.
"""

from typing import Any, Final
from weakref import WeakKeyDictionary

from outlast._api.chunks import chunk_of
from outlast._api.where import current_attempt, current_execution
from outlast.errors import NotAllowedHereError, StreamClosedError
from outlast.world import Writer

_WHAT: Final = "writing to a message"


class KeptStream:
    """A stream of the current run, written to in one attempt of a step. What it writes stays, whatever becomes of the
    attempt. Raises `NotAllowedHereError` outside of steps, and in those that other workers make."""

    def __init__(self, name: str) -> None:
        attempt = current_attempt()
        if attempt is None or current_execution() is not None:
            where = "outside of a step" if attempt is None else "in a workflow"
            raise NotAllowedHereError(_WHAT, where, "Write it in a step.")
        if attempt.run.dispatched:
            raise NotAllowedHereError(
                _WHAT, "in a step with a queue of its own", "Let it run beside its workflow."
            )
        self.run_id, self._attempt = attempt.run.id, attempt
        number, epoch = attempt.command.attempt, attempt.run.epoch
        self.is_repeated = number > 1 or attempt.taken_up
        """Whether an attempt before this one may have written something."""
        streams = _STREAMS.get(attempt)
        if streams is None:
            writer = Writer(f"{attempt.command.ref} {epoch}.{number}", epoch, number)
            streams = type(attempt.streams)(attempt.runtime.streams, attempt.run.id, writer)
            _STREAMS[attempt] = streams
        self._outlet = streams.outlet(name)

    async def write(self, value: Any) -> None:
        """Write to its end. Raises `EncodeError`, `PayloadTooLargeError` and `StreamClosedError`."""
        if self._attempt.over:
            reason = "the attempt of the step is over"
            raise StreamClosedError(self.run_id, self._outlet.name, reason)
        await self._outlet.put(chunk_of(value, None, self._attempt.runtime.codec))

    async def flush(self) -> None:
        """Wait until all is durable. Raises `StreamClosedError`."""
        await self._outlet.flush()

    async def close(self) -> None:
        """Close it, for all. Closed already is fine."""
        await self._outlet.close()


_STREAMS: Final[WeakKeyDictionary[Any, Any]] = WeakKeyDictionary()
"""By the attempt: it has one place in each stream, however often it asks for it."""
