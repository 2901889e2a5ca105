"""NUL characters and halves of characters in texts, and long texts: they come back as they were or are refused by
name, on every world in the same way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from outlast import App, get_run, list_runs, set_attributes, start, step, workflow
from outlast.errors import EncodeError, RunFailedError
from tests.postgres import Postgres

NUL, HALF = "a\x00b", "a\ud800b"
LONG = "".join(map(chr, random.Random(4).choices(range(0x20000, 0x2A000), k=501)))
"""Of characters of four bytes each that no index can make shorter."""

Deed = Callable[[str], Awaitable[Any]]


@step(name="texts_echo")
async def echo(text: str) -> str:
    return text


@workflow(name="texts_keep")
async def keep(text: str) -> str:
    await set_attributes({"text": text})
    return await echo(text)


@workflow(name="texts_fail")
async def fail(text: str) -> None:
    raise LookupError(text)


async def passed_on(text: str) -> str:
    return await (await start(keep(text))).result(timeout=60)


async def found(text: str) -> int:
    run = await start(keep("x"), attributes={"name": text})
    page = await list_runs(attributes={"name": text})
    return [one.id for one in page.runs].count(run.id)


async def named(text: str) -> int:
    run = await start(keep("x"), attributes={text: 1})
    page = await list_runs(attributes={text: 1})
    return [one.id for one in page.runs].count(run.id)


async def kept(text: str) -> tuple[str, str]:
    """With all that an index holds as long as it may be."""
    await start(keep("x"), idempotency_key=LONG[:500], queue=text, version=text)
    info = await (await start(keep("x"), idempotency_key=LONG[:500])).info()
    return info.queue, info.version


async def failed(text: str) -> str:
    with pytest.raises(RunFailedError) as caught:
        await (await start(fail(text))).result(timeout=60)
    return caught.value.error_message


DEEDS: tuple[tuple[Deed, str, Any], ...] = (
    (passed_on, NUL, NUL),
    (passed_on, HALF, RunFailedError),
    (found, NUL, 1),
    (found, HALF, EncodeError),
    (named, NUL, EncodeError),
    (named, HALF, EncodeError),
    (failed, NUL, NUL),
    (failed, HALF, "a\\ud800b"),
    (lambda text: start(keep("x"), run_id=text), NUL, ValueError),
    (lambda text: start(keep("x"), run_id=text), HALF, ValueError),
    (lambda text: start(keep("x"), idempotency_key=text), NUL, ValueError),
    (lambda text: start(keep("x"), queue=text), NUL, ValueError),
    (lambda text: start(keep("x"), idempotency_key=text), LONG, ValueError),
    (lambda text: start(keep("x"), queue=text), LONG[:201], ValueError),
    (lambda text: start(keep("x"), version=text), LONG[:201], ValueError),
    (named, LONG[:201], EncodeError),
    (named, LONG[:200], 1),
    (kept, LONG[:200], (LONG[:200], LONG[:200])),
    (lambda text: list_runs(workflow=text), HALF, ValueError),
    (lambda text: list_runs(text=text), HALF, ValueError),
    (lambda text: get_run(text).info(), NUL, ValueError),
    (lambda text: get_run(text).cancel(), HALF, ValueError),
)


@pytest.mark.parametrize("world", ["memory", "sqlite", "postgres"])
def test_texts_are_the_same_everywhere(
    world: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async def body(url: str) -> None:
        async with App(url):
            for deed, text, wanted in DEEDS:
                if isinstance(wanted, type):
                    with pytest.raises(wanted):
                        await deed(text)
                else:
                    assert await deed(text) == wanted
            assert await passed_on("plain") == "plain"  # nothing has broken the world

    if world == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url()
    else:
        url = "memory://" if world == "memory" else f"sqlite:///{tmp_path}/world.db"
    asyncio.run(body(url))
