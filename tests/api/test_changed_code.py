"""Old logs on new code: what fits goes on, what does not is blocked and never lost."""

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from outlast import App, RunCancelledError, RunStatus, get_run, start
from outlast._codec import encode_event
from outlast._model.events import StepStarted
from outlast.errors import NonDeterminismError, RunBlockedError
from outlast.world import Append
from tests.api.conftest import outcome
from tests.house.checkout import ROOT

FIRST = """
from outlast import sleep, step, workflow

@step
async def a(n: int) -> int:
    return n + 1

@step
async def b(n: int) -> int:
    return n * 10

@workflow
async def changing(n: int) -> int:
    x = await a(n)
    await sleep("1 hour")
    return await b(x)
"""


def load(folder: Path, source: str) -> ModuleType:
    """The source as a module, in place of the one before."""
    file = folder / "changing_flow.py"
    file.write_text(source)
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("changing_flow", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["changing_flow"] = module
    spec.loader.exec_module(module)
    return module


async def start_and_suspend(url: str, module: ModuleType) -> None:
    async with App(url):
        run = await start(module.changing(1), run_id="it")
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0)


async def wake(url: str) -> tuple[Any, Any]:
    async with App(url):
        run = get_run("it")
        await run.wake()
        ended = await outcome(run)
        return ended, await run.info()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/changing.db"


def test_code_that_fits_goes_on(tmp_path: Path, url: str) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace("return await b(x)", "return await b(x) + 5"))
    ended, _ = asyncio.run(wake(url))
    assert ended == 25


@pytest.mark.parametrize(
    "change",
    [
        ("x = await a(n)", "x = await b(n)"),
        ("x = await a(n)", "x = await a(n + 1)"),
        ("x = await a(n)", "x = 2"),
        ("    x = await a(n)\n", "    await sleep('1 min')\n    x = await a(n)\n"),
        ("async def changing(n: int)", "async def changing(n: int, m: int)"),
        ("    x = await a(n)\n", "    return 5\n    x = await a(n)\n"),
        ("    x = await a(n)\n", "    x = await typo(n)\n"),
    ],
)
def test_code_that_does_not_fit_blocks_the_run(
    tmp_path: Path, url: str, change: tuple[str, str]
) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace(*change))
    ended, info = asyncio.run(wake(url))
    assert isinstance(ended, RunBlockedError)
    assert info.status is RunStatus.BLOCKED
    assert "recorded:" in str(info.problem)
    assert "asked:" in str(info.problem)

    again, after = asyncio.run(wake(url))
    assert isinstance(again, RunBlockedError)
    assert after.events == info.events  # a blocked run is only tried again

    load(tmp_path, FIRST)
    ended, _ = asyncio.run(wake(url))
    assert ended == 20


def test_a_step_that_was_under_way_and_is_not_asked_for_any_more_blocks_the_run(
    tmp_path: Path, url: str
) -> None:
    """All that its log has of it is that it has started: the worker died meanwhile."""

    async def start_another_step() -> None:
        async with App(url, worker=False) as app:
            event = encode_event(StepStarted(id="c#1", name="c", attempt=1, started_at=0))
            await app.runtime.append_durably(Append(run_id="it", events=(event,)))

    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    asyncio.run(start_another_step())
    ended, info = asyncio.run(wake(url))
    assert isinstance(ended, RunBlockedError)
    assert "step_started c#1" in str(info.problem)


def test_the_message_shows_both_sides_with_their_lines(tmp_path: Path, url: str) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace("x = await a(n)", "x = await b(n)"))
    _, info = asyncio.run(wake(url))
    assert "step_completed a#1" in info.problem
    assert "step b#1" in info.problem
    assert info.problem.count("changing_flow.py:14") == 2


def test_the_message_shows_how_the_code_has_ended(tmp_path: Path, url: str) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace("x = await a(n)", "x = await typo(n)"))
    _, info = asyncio.run(wake(url))
    assert "it has raised NameError: name 'typo' is not defined" in info.problem


def test_a_blocked_run_goes_on_when_a_worker_with_other_code_starts(
    tmp_path: Path, url: str
) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace("x = await a(n)", "x = await b(n)"))
    asyncio.run(wake(url))
    load(tmp_path, FIRST)

    async def restart() -> Any:
        async with App(url):
            return await outcome(get_run("it"))

    assert asyncio.run(restart()) == 20


def test_a_blocked_run_can_be_cancelled(tmp_path: Path, url: str) -> None:
    asyncio.run(start_and_suspend(url, load(tmp_path, FIRST)))
    load(tmp_path, FIRST.replace("x = await a(n)", "x = await b(n)"))
    asyncio.run(wake(url))

    async def cancel() -> Any:
        async with App(url):
            run = get_run("it")
            await run.cancel("given up")
            return await outcome(run)

    ended = asyncio.run(cancel())
    assert isinstance(ended, RunCancelledError)


ADVICE = (
    "make the code fit again and start a worker with it",
    "if the source of the workflow itself is the same",
    "outlast wake ",
    "outlast cancel ",
)


@pytest.mark.parametrize(
    "page", ["how-to/change-code", "errors/run-blocked", "errors/non-determinism"]
)
def test_the_message_and_the_pages_give_one_advice(page: str) -> None:
    error = NonDeterminismError("it", position=1, recorded="a#1", asked="b#1")
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for said in (str(error), text.replace("**", "")):
        words = " ".join(said.lower().split())
        assert [one for one in ADVICE if one not in words] == []
