"""A stream's type is that of what is written and of what is read."""

from typing import Any, reveal_type

from outlast import Run, writable
from outlast.streams import Writable


async def writing() -> None:
    words = writable("words", type=str)
    reveal_type(words)  # revealed: Writable[str]
    await words.write("a")
    await words.write(1)  # error
    anything = writable()
    reveal_type(anything)  # revealed: Writable[Any]
    await anything.write(object())
    async with words as same:
        reveal_type(same)  # revealed: Writable[str]


async def takes(to: Writable[int]) -> None:
    await to.write(True)


async def passing(wide: Writable[float], words: Writable[str]) -> None:
    await takes(wide)
    await takes(words)  # error


async def reading(run: Run[Any]) -> None:
    async for word in run.stream("words", type=str):
        reveal_type(word)  # revealed: str
    async for either in run.stream("words", type=str, markers=True):
        reveal_type(either)  # revealed: str | Rewind
    async for one in run.stream():
        reveal_type(one)  # revealed: Any
