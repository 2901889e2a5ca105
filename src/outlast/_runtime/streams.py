"""Writing to streams: what attempts have written goes in groups, one transaction each; meanwhile the next gathers.

A write returns once it is buffered. When too much is buffered, writers wait; readers never hold them up.
"""

import asyncio
import logging
from collections import deque
from contextvars import copy_context
from typing import Final

import msgspec

from outlast._clock import Clock, Micros, pause, to_seconds
from outlast._runtime.backoff import delay_after
from outlast._runtime.followers import Followers
from outlast._runtime.observers import Observers
from outlast._runtime.options import RuntimeOptions
from outlast.errors import NoAppError, StreamClosedError, WorldUnavailableError
from outlast.instrument import Tracer
from outlast.world import Chunk, StreamAnswer, StreamBatch, Streams, StreamWrite, Supersede, Writer

logger: Final = logging.getLogger("outlast")

TURN: Final = 128
"""After so many writes the writer lets others have their turn, also if there is room."""

_OVER: Final = "this attempt of the step is not the one that counts any more"
CLOSED: Final = "it was closed"

Answered = asyncio.Future[None]


class StreamSender:
    """The one door to the world's streams for this process."""

    def __init__(
        self,
        streams: Streams,
        clock: Clock,
        followers: Followers,
        options: RuntimeOptions,
        observers: Observers,
    ) -> None:
        self._streams, self._clock, self._followers = streams, clock, followers
        self._observers = observers
        self._most_chunks = options.stream_buffer_chunks
        self._most_bytes = options.stream_buffer_bytes
        self._chunks = self._bytes = 0
        """What is buffered, on its way included."""
        self._writes = 0
        self._ready: dict[Outlet, None] = {}
        self._supersedes: deque[tuple[Supersede, Answered]] = deque()
        self._room: deque[Answered] = deque()
        self._context = copy_context()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def must_wait(self) -> bool:
        """Whether a writer must wait before it writes."""
        self._writes += 1
        return (
            self._chunks >= self._most_chunks
            or self._bytes >= self._most_bytes
            or self._writes % TURN == 0
        )

    async def wait_for_room(self) -> None:
        """Let others have their turn, and return once there is room for a chunk."""
        turned = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(_resolve, turned)
        await turned
        while self._chunks >= self._most_chunks or self._bytes >= self._most_bytes:
            room: Answered = asyncio.get_running_loop().create_future()
            self._room.append(room)
            await room

    def buffered(self, outlet: "Outlet", chunk: Chunk | None) -> None:
        """The outlet has something to send: a chunk more, or that it is closed."""
        if chunk is not None:
            self._chunks += 1
            self._bytes += len(chunk.data)
        if outlet not in self._ready:
            self._ready[outlet] = None
            self._begin()

    def dropped(self, chunks: list[Chunk]) -> None:
        """These are buffered no more."""
        self._chunks -= len(chunks)
        self._bytes -= sum([len(chunk.data) for chunk in chunks])
        while self._room:
            _resolve(self._room.popleft())

    async def supersede(self, supersede: Supersede) -> None:
        """Take back what a step has written; durable on return."""
        answered: Answered = asyncio.get_running_loop().create_future()
        self._supersedes.append((supersede, answered))
        self._begin()
        await answered

    async def close(self) -> None:
        """Stop what is under way: it may or may not have been written. Whoever waits gets `NoAppError`."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._refuse(list(self._ready), NoAppError("writing to a stream"))

    def _begin(self) -> None:
        if self._closed:
            self._refuse(list(self._ready), NoAppError("writing to a stream"))
        elif self._task is None:
            # In a context of its own: it sends for everybody.
            self._clock.hold()
            self._task = asyncio.get_running_loop().create_task(
                self._send_all(), context=self._context
            )
            # Not in the task: one that is cancelled before it begins runs no code of its own.
            self._task.add_done_callback(lambda _: self._clock.release())

    async def _send_all(self) -> None:
        sending: list[Outlet] = []
        try:
            while self._ready or self._supersedes:
                sending = [outlet for outlet in self._ready if not outlet.failed]
                self._ready.clear()
                await self._send(sending)
                sending = []
        except asyncio.CancelledError:
            self._refuse(sending, NoAppError("writing to a stream"))
            raise
        except Exception as error:  # noqa: BLE001 - the world is broken: it is told where it is awaited
            self._refuse([*sending, *self._ready], error)
        finally:
            self._task = None

    async def _send(self, outlets: "list[Outlet]") -> None:
        """Write one group, and tell those whose it is."""
        supersedes = list(self._supersedes)
        writes = [outlet.take() for outlet in outlets]
        parts: tuple[StreamWrite | Supersede, ...]
        parts = (*writes, *[supersede for supersede, _ in supersedes])
        began = self._clock.now()
        answers = await self._written(StreamBatch(parts)) if parts else ()
        if (tracer := self._observers.tracer) is not None:
            for write, answer in zip(writes, answers[: len(writes)], strict=True):
                if answer == "written":
                    _trace(tracer, write, began)
        for outlet, answer in zip(outlets, answers[: len(outlets)], strict=True):
            outlet.answered(answer)
        for _, answered in supersedes:
            self._supersedes.popleft()
            _resolve(answered)
        for run_id in dict.fromkeys(outlet.run_id for outlet in outlets):
            self._followers.tell(run_id)
        for run_id in dict.fromkeys(supersede.run_id for supersede, _ in supersedes):
            self._followers.tell(run_id)

    async def _written(self, batch: StreamBatch) -> tuple[StreamAnswer, ...]:
        """Write it, again and again while the world cannot be used.

        The pauses are the host's time: a clock that skips stands still while an attempt waits for its chunks.
        """
        failures = 0
        while True:
            try:
                return await self._streams.write(batch)
            except WorldUnavailableError as error:
                if not failures:  # once an outage
                    logger.warning("chunks of streams could not be written yet: %s", error)
            await pause(to_seconds(delay_after(failures)))
            failures += 1

    def _refuse(self, outlets: "list[Outlet]", error: Exception) -> None:
        self._ready.clear()
        for outlet in outlets:
            outlet.fail(error)
        while self._supersedes:
            _, answered = self._supersedes.popleft()
            if not answered.done():
                answered.set_exception(error)
        while self._room:
            _resolve(self._room.popleft())


class Outlet:
    """What one attempt writes to one stream."""

    def __init__(self, sender: StreamSender, run_id: str, name: str, writer: Writer) -> None:
        self.run_id, self.name = run_id, name
        self._sender, self._writer = sender, writer
        self._pending: list[Chunk] = []
        self._on_its_way: list[Chunk] = []
        self._given = self._done = 0
        """How many chunks it was given, and how many are durable; closing counts as one."""
        self._written = 0
        """How many chunks of it the stream has."""
        self._closed = self._closing = False
        """Whether the code has closed it, and whether that is still to be sent, behind what is pending."""
        self._close_on_its_way = False
        self._error: Exception | None = None
        self._told = False
        """Whether the step's code has met the error."""
        self._waiting: deque[tuple[int, Answered]] = deque()

    @property
    def failed(self) -> bool:
        """Whether nothing more can be written."""
        return self._error is not None

    async def put(self, chunk: Chunk) -> None:
        """Buffer a chunk; wait while there is no room. Raises what became of an earlier one, if it was
        refused, and `StreamClosedError` after `close`."""
        if self._error is not None or self._closed or self._sender.must_wait:
            self._check()
            await self._sender.wait_for_room()
            self._check()
        self._pending.append(chunk)
        self._given += 1
        self._sender.buffered(self, chunk)

    async def flush(self) -> None:
        """Return once all that was given until now is durable."""
        self._check(closed=False)
        if self._done < self._given:
            answered: Answered = asyncio.get_running_loop().create_future()
            self._waiting.append((self._given, answered))
            await answered
            self._check(closed=False)

    async def close(self) -> None:
        """Close the stream for all; durable on return. Idempotent."""
        self._check(closed=False)
        if not self._closed:
            self._closed = self._closing = True
            self._given += 1
            self._sender.buffered(self, None)
        await self.flush()

    async def finish(self) -> None:
        """The attempt has come to its end: return once all is durable. Raises what its code has not met yet."""
        await self.settle()
        if self._error is not None and not self._told:
            self._check()

    async def settle(self) -> None:
        """Return once all is durable that can be. Raises nothing."""
        if self._error is None:
            await self._quietly_flushed()

    def drop(self) -> None:
        """Forget what is not on its way, and take nothing more: the attempt has failed."""
        self.fail(StreamClosedError(self.run_id, self.name, _OVER))

    def take(self) -> StreamWrite:
        """What is to be written now."""
        self._on_its_way, self._pending = self._pending, []
        self._close_on_its_way, self._closing = self._closing, False
        return StreamWrite(
            run_id=self.run_id,
            name=self.name,
            writer=self._writer,
            after=self._written,
            chunks=tuple(self._on_its_way),
            close=self._close_on_its_way,
        )

    def answered(self, answer: StreamAnswer) -> None:
        """What was on its way was written, or refused."""
        sent, self._on_its_way = self._on_its_way, []
        if answer != "written":
            reason = CLOSED if answer == "closed" else _OVER
            self.fail(StreamClosedError(self.run_id, self.name, reason))
        else:
            self._written += len(sent)
            self._done += len(sent) + self._close_on_its_way
            while self._waiting and self._waiting[0][0] <= self._done:
                _resolve(self._waiting.popleft()[1])
        self._sender.dropped(sent)

    def fail(self, error: Exception) -> None:
        """Nothing more can be written."""
        self._error = self._error or error
        dropped, self._pending = [*self._on_its_way, *self._pending], []
        self._on_its_way = []
        self._sender.dropped(dropped)
        while self._waiting:
            _resolve(self._waiting.popleft()[1])

    async def _quietly_flushed(self) -> None:
        told = self._told
        try:
            await self.flush()
        except Exception as error:  # noqa: BLE001 - kept, and raised by who asks
            self._error, self._told = self._error or error, told

    def _check(self, *, closed: bool = True) -> None:
        if self._error is not None:
            self._told = True
            raise self._error
        if closed and self._closed:
            raise StreamClosedError(self.run_id, self.name, CLOSED)


class AttemptStreams:
    """All that one attempt writes to streams, and takes back if it fails."""

    def __init__(self, sender: StreamSender, run_id: str, writer: Writer) -> None:
        self._sender, self._run_id, self._writer = sender, run_id, writer
        self._outlets: dict[tuple[str, bool], Outlet] = {}

    def outlet(self, name: str, *, keep: bool = False) -> Outlet:
        """For the stream of that name. To `keep` is to leave what is written there if the attempt fails."""
        outlet = self._outlets.get((name, keep))
        if outlet is None:
            writer = msgspec.structs.replace(self._writer, keep=keep)
            outlet = self._outlets[name, keep] = Outlet(self._sender, self._run_id, name, writer)
        return outlet

    async def finish(self, *, taken_up: bool) -> None:
        """Return once all is durable. What an owner before has written for the step, if it was taken up
        from one, is taken back, also from streams that this attempt has not written to."""
        for outlet in self._outlets.values():
            await outlet.finish()
        if taken_up:
            await self._supersede(own=False)

    async def take_back(self) -> None:
        """The attempt has failed: take back what it has written, except what is to be kept, which is durable on
        return."""
        for (_, keep), outlet in self._outlets.items():
            if not keep:
                outlet.drop()
        await self._supersede(own=True)
        for (_, keep), outlet in self._outlets.items():
            if keep:
                await outlet.settle()

    async def _supersede(self, *, own: bool) -> None:
        await self._sender.supersede(Supersede(run_id=self._run_id, writer=self._writer, own=own))


def _trace(tracer: Tracer, write: StreamWrite, began: Micros) -> None:
    step, attempt = write.writer.ref, write.writer.attempt
    sizes = [len(chunk.data) for chunk in write.chunks]
    tracer.chunks_written(write.run_id, step, attempt, write.name, sizes, began)


def _resolve(future: Answered) -> None:
    if not future.done():
        future.set_result(None)
