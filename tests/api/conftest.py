"""Apps to run workflows on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from outlast import App, Run, WorkerOptions
from outlast.instrument import Instrument

R = TypeVar("R")


class Bench:
    """Runs an async test against an app on a chosen world."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(
        self,
        scenario: Callable[[App], Awaitable[R]],
        *,
        options: WorkerOptions | None = None,
        instruments: tuple[Instrument, ...] = (),
    ) -> R:
        async def main() -> R:
            async with App(self.url, options=options, instruments=instruments) as app:
                return await asyncio.wait_for(_await(scenario(app)), 60)

        return asyncio.run(main())


async def _await(thing: Awaitable[R]) -> R:
    return await thing


@pytest.fixture(params=["memory", "sqlite"])
def on_app(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Run a scenario on an app, once for each world."""
    return Bench("memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/test.db")


@pytest.fixture
def on_memory() -> Bench:
    """Run a scenario on an app whose world is memory."""
    return Bench("memory://")


async def outcome(run: Run[Any]) -> Any:
    """The result of a run, or the error that tells why there is none."""
    try:
        return await run.result("20s")
    except Exception as error:
        return error
