"""`writable`: a stream of the run, to write to from its steps."""

import asyncio
from asyncio import _get_running_loop as running_loop
from collections.abc import AsyncIterable, Awaitable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

from outlast._api.chunks import chunk_of, type_name
from outlast._api.done import Done
from outlast._api.where import current_attempt, current_execution
from outlast._runtime.attempts import Attempt
from outlast._runtime.streams import Outlet
from outlast.errors import NotAllowedHereError, StreamClosedError

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

DEFAULT = "default"
LONGEST_NAME = 200
INTERNAL = "outlast:"
"""How the names of streams begin that are not for readers, but carry the answers to webhooks."""


@dataclass(frozen=True, slots=True)
class Writable(Generic[T_contra]):
    """A handle on a stream of the current run. Any number may be made for one stream.

    In a workflow it can be passed to steps and nothing else. In a step all methods write for the attempt that
    calls them. Several steps may write to one stream: their chunks stand in the order in which they came.

    In an `async def` step, await each method. In a `def` step, call it: it returns when it is done.
    """

    name: str
    """The name of the stream."""
    of: str | None = None
    """The name of the type that values must have."""
    keep: bool = False
    """Whether what failed attempts have written stays."""

    def write(self, value: T_contra) -> Awaitable[None]:
        """Write a value to the end of the stream. Done when it is buffered: while too much is, it waits.

        Any value that can be a step's result; `bytes` are kept as they are.

        Raises:
            EncodeError: The value has no durable form.
            PayloadTooLargeError: It is too large.
            pydantic.ValidationError: It is not of the type.
            StreamClosedError: The stream was closed, or this attempt does not count any more.
            NotAllowedHereError: This is not a step.
        """
        attempt = self._attempt("write")
        chunk = chunk_of(value, self.of, attempt.runtime.codec)
        return done_for(attempt, self._outlet(attempt).put(chunk))

    async def write_from(self, values: AsyncIterable[T_contra]) -> None:
        """Write each value as it comes. Raises what `write` raises."""
        async for value in values:
            await self.write(value)

    def flush(self) -> Awaitable[None]:
        """Wait until all that this attempt has written to the stream is durable. A step does so at its end."""
        attempt = self._attempt("flush")
        return done_for(attempt, self._outlet(attempt).flush())

    def close(self) -> Awaitable[None]:
        """Close the stream for all: readers come to its end. Durable when done. Doing so twice is fine.

        Without it a stream is closed by the end of its run. If the attempt fails, the stream is open again, unless it
        was closed with `keep`.
        """
        attempt = self._attempt("close")
        return done_for(attempt, self._outlet(attempt).close())

    async def __aenter__(self) -> Self:
        """At the end the stream is closed, unless there was an error."""
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error_type is None:
            await self.close()

    def _attempt(self, method: str) -> Attempt:
        attempt = current_attempt()
        if current_execution() is not None or attempt is None:
            where = "outside of a step" if attempt is None else "in a workflow"
            raise NotAllowedHereError(
                f"Writable.{method}()", where, "Pass the handle to a step, and write there."
            )
        if attempt.over:
            raise StreamClosedError(attempt.run.id, self.name, "the attempt of the step is over")
        return attempt

    def _outlet(self, attempt: Attempt) -> Outlet:
        return attempt.streams.outlet(self.name, keep=self.keep)


# Recorded where handles are passed to steps: the name by which users know it, for good.
Writable.__module__ = "outlast.streams"


@overload
def writable(name: str = DEFAULT, *, type: type[T], keep: bool = False) -> Writable[T]: ...


@overload
def writable(name: str = DEFAULT, *, type: Any = None, keep: bool = False) -> Writable[Any]: ...


def writable(name: str = DEFAULT, *, type: Any = None, keep: bool = False) -> Writable[Any]:  # noqa: A002
    """A handle on a stream of the current run, for writing to it in a step.

    Readers get what is written with `run.stream(name)`: while the run goes on, or as long as it is kept.
    What an attempt has written that failed is taken back, unless it is to be kept.

    Args:
        name: The name of the stream. A run has as many as it writes to.
        type: What values must be, as pydantic understands it.
        keep: Whether what a failed attempt has written stays, and what the next one writes comes behind it. Then a value
            has its index for good, and the code tells readers itself what does not count any more. All who write to a
            stream say the same.

    Raises:
        ValueError: The name is empty, too long, or has characters that cannot be printed.
    """
    return Writable(checked_name(name), type_name(type), keep)


def checked_name(name: str) -> str:
    """The name of a stream. Raises `ValueError` if it cannot be one."""
    if name.startswith(INTERNAL):
        message = f"the names of streams that begin with {INTERNAL!r} are taken: {name[:50]!r}"
        raise ValueError(message)
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        message = f"a stream's name has 1 to {LONGEST_NAME} printable characters, not {name[:50]!r}"
        raise ValueError(message)
    return name


def done_for(attempt: Attempt, work: Coroutine[Any, Any, None]) -> Awaitable[None]:
    """The work, to be awaited; in a thread, where nothing can await it, it is done on return."""
    loop = attempt.runtime.loop
    if running_loop() is loop:
        return work
    asyncio.run_coroutine_threadsafe(work, loop).result()
    return Done()
