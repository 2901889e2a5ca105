"""One question for all who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from outlast._clock import Clock, holding

T = TypeVar("T")

Read = Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]


class Gathering(Generic[T]):
    """Looks things up by name. While one question is under way the next ones gather, as commits do: there is no
    timer, and many who ask at once cost one round trip.

    Whoever asks is answered by a question that was sent after that.
    """

    def __init__(self, read: Read[T], clock: Clock) -> None:
        self._read, self._clock = read, clock
        self._asked: dict[str, list[asyncio.Future[T | None]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def get(self, name: str) -> T | None:
        """What has the name, if anything has. Raises what reading raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T | None] = loop.create_future()
        self._asked.setdefault(name, []).append(answer)
        if self._asking is None or self._asking.done():
            # In a context of its own: it goes on for others than who asked first.
            self._asking = loop.create_task(self._ask(), context=Context())
        with holding(self._clock):
            return await answer

    async def _ask(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._read(tuple(asked))
            except Exception as error:  # noqa: BLE001 - raised where it is awaited
                for _, answer in _waiting(asked):
                    answer.set_exception(error)
            except BaseException:  # the loop ends
                for _, answer in (*_waiting(asked), *_waiting(self._asked)):
                    answer.cancel()
                raise
            else:
                for name, answer in _waiting(asked):
                    answer.set_result(found.get(name))


def _waiting(
    asked: "Mapping[str, Sequence[asyncio.Future[T | None]]]",
) -> "Iterator[tuple[str, asyncio.Future[T | None]]]":
    for name, answers in asked.items():
        for answer in answers:
            if not answer.done():
                yield name, answer
