"""Decorators keep parameters and results; calls outside the signature are errors."""

from datetime import timedelta
from typing import reveal_type

from outlast import Step, step, step_info


@step
async def fetch(url: str, *, tries: int = 1) -> bytes:
    return url.encode() * tries


@step
def measure(text: str) -> int:
    return len(text)


@step(name="books.charge", retries=5, timeout="30s")
async def charge(cents: int) -> str:
    return str(cents)


@step(backoff=[1, 2.5, 10], retries=3, timeout=timedelta(minutes=2))
def store(data: bytes) -> None: ...


async def calling() -> None:
    reveal_type(await fetch("a"))  # revealed: bytes
    reveal_type(await fetch("a", tries=2))  # revealed: bytes
    reveal_type(await measure("a"))  # revealed: int
    reveal_type(await charge(100))  # revealed: str
    reveal_type(await store(b""))  # revealed: None
    reveal_type(step_info().attempt)  # revealed: int


async def wrong() -> None:
    await fetch(1)  # error
    await fetch("a", 2)  # error
    await fetch()  # error
    await measure("a", "b")  # error
    length: str = await measure("a")  # error
    print(measure("a") + 1, length)  # error


@step(retry=3)  # error
async def misspelt() -> None: ...


def takes_a_step(one: Step[[str], int]) -> None:
    reveal_type(one.name)  # revealed: str


takes_a_step(measure)
takes_a_step(charge)  # error
