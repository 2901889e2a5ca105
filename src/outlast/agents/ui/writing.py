"""Writing a message, in steps."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, Self
from weakref import WeakValueDictionary

from outlast import get_run, run_info, step_info, writable
from outlast.agents.ui.chunks import (
    Chunk,
    FinishStep,
    ResetStep,
    StartStep,
    TextDelta,
    TextEnd,
    TextStart,
    wire,
)

STREAMS: Final = "message:"
"""How the names of the streams of messages begin."""
OWNER: Final = "step"
"""In what is stored of a `start-step`, and of what is written once: the id of the step that has written it. Not for the wire."""
_WINDOW: Final = 64


class MessageWriter:
    """Writes chunks to a message of the current run, in a step. Each is one chunk of the message's stream, with an
    index of its own for good. Use `async with`: at its end what was written is durable.

        @step
        async def think(reply: str) -> None:
            async with ui.message(reply) as out, out.step():
                async with out.text() as write:
                    await write("Good ")
                    await write("morning.")
    """

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        # Clients count the chunks that they have got: what a failed attempt has written keeps its place.
        self._stream = writable(STREAMS + message_id, keep=True)
        self._step, self._texts = step_info(), 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stream.flush()

    async def write(self, *chunks: Chunk) -> None:
        """Write them to the end of the message.

        Raises:
            EncodeError: A value in a chunk has no durable form.
            StreamClosedError: The message is finished.
        """
        for chunk in chunks:
            await self._stream.write(wire(chunk))

    async def write_once(self, *chunks: Chunk) -> None:
        """Write them, without those that an attempt of this step before has written: what comes behind them is not
        followed by them again. Raises as `write` does."""
        known = await self._mine() if self.is_repeated else []
        for chunk in chunks:
            form = {**wire(chunk), OWNER: self._step.id}
            if form in known:
                known.remove(form)
            else:
                await self._stream.write(form)

    @asynccontextmanager
    async def step(self) -> AsyncGenerator[None]:
        """A request to a model. Where an attempt before this one has written of it, that is taken back: readers get
        `reset-step`, and then what counts.

        A message has one step at a time: clients end the texts of all with the end of one. What is written at the same
        time in this process waits its turn, so do not open one within another.
        """
        async with self._turn():
            me = self._step.id
            if self.is_repeated and await self._last_owner() == me:
                await self.write(ResetStep())
            else:
                await self._stream.write({**wire(StartStep()), OWNER: me})
            yield
            await self.write(FinishStep())

    @asynccontextmanager
    async def text(self, id: str | None = None) -> AsyncGenerator["WriteText"]:  # noqa: A002 - the protocol's name
        """A text, written piece by piece with what this gives."""
        self._texts += 1
        identity = id or f"{self._step.id}.{self._texts}"
        await self.write(TextStart(id=identity))
        yield WriteText(self, identity)
        await self.write(TextEnd(id=identity))

    async def close(self, *chunks: Chunk) -> None:
        """Write the last chunks, and close the message. If an attempt before this one has done so, nothing is done."""
        if not await self._is_closed():
            await self.write(*chunks)
            await self._stream.close()

    @property
    def is_repeated(self) -> bool:
        """Whether an attempt of this step before may have written something."""
        return self._step.repeated

    def _turn(self) -> asyncio.Lock:
        key = run_info().id, self.message_id
        return _TURNS.setdefault(key, asyncio.Lock())

    async def _is_closed(self) -> bool:
        if not self.is_repeated:
            return False
        return (await get_run(run_info().id).stream_info(self._stream.name)).closed

    async def _mine(self) -> list[dict[str, Any]]:
        """What this step has written."""
        run = get_run(run_info().id)
        forms = run.stream(self._stream.name, follow=False)
        return [form async for form in forms if form.get(OWNER) == self._step.id]

    async def _last_owner(self) -> str | None:
        """Whose the last `start-step` is."""
        await self._stream.flush()
        run, name, window = get_run(run_info().id), self._stream.name, _WINDOW
        total = (await run.stream_info(name)).tail + 1
        while total:
            start = max(0, total - window)
            forms: list[dict[str, Any]] = [
                one async for one in run.stream(name, start, follow=False)
            ]
            owners = [one.get(OWNER) for one in forms if one["type"] == "start-step"]
            if owners or start == 0:
                return owners[-1] if owners else None
            window *= 4
        return None


_TURNS: Final[WeakValueDictionary[tuple[str, str], asyncio.Lock]] = WeakValueDictionary()
"""Whose turn it is to write a step, by the run and the message. The steps of agents are all in the run's process."""


class WriteText:
    """Adds to a text of a message."""

    def __init__(self, writer: MessageWriter, id: str) -> None:  # noqa: A002 - the protocol's name
        self.id = id
        self._writer = writer

    async def __call__(self, delta: str) -> None:
        """Add to it."""
        await self._writer.write(TextDelta(id=self.id, delta=delta))


def message(message_id: str) -> MessageWriter:
    """Write to a message of the current run, in a step: `async with ui.message(turn.reply) as out`.

    Raises `NotAllowedHereError` outside of steps.
    """
    return MessageWriter(message_id)
