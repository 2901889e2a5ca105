"""Workflows that are looked at."""

import asyncio
from typing import Annotated

from pydantic import Discriminator

from outlast import hook, step, workflow


@step(retries=0)
async def inspected_step(text: str) -> str:
    if text == "bad":
        raise ValueError(text)
    return text * 2


@workflow(name="inspected.echo")
async def echo(text: str) -> str:
    """Say it twice."""
    return await inspected_step(text)


@workflow(name="inspected.unfit")
async def unfit(number: Annotated[int, Discriminator("kind")]) -> None:
    """Its argument is annotated by what only a union can have: nobody can start it."""


@workflow(name="inspected.ask")
async def ask(question: str) -> str:
    return str(await hook(str, token=question))


@step(retries=0)
async def inspected_forever() -> None:
    await asyncio.Event().wait()


@workflow(name="inspected.beside")
async def beside() -> None:
    async with asyncio.timeout(3600):
        await inspected_forever()


@workflow(name="inspected.parent")
async def parent(question: str) -> str:
    return await ask(question)


@workflow(name="inspected.family")
async def family(children: int) -> None:
    await asyncio.gather(*(echo("") for _ in range(children)))
