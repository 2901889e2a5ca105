"""Several apps on one world, as processes on one database are."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from outlast import App, Run, WorkerOptions
from outlast.instrument import Instrument
from outlast.testing import FaultyWorld, SkippingClock
from tests.laws.data import MakeData, MemoryData, in_files, in_schemas


class Place:
    """One world, and the apps that are on it."""

    def __init__(self, make_data: MakeData) -> None:
        self.clock = SkippingClock(threshold=0.001)
        self.data = make_data(self.clock)

    @asynccontextmanager
    async def app(
        self,
        *queues: str,
        instruments: tuple[Instrument, ...] = (),
        world: FaultyWorld | None = None,
        **options: Any,
    ) -> AsyncGenerator[App]:
        """An app whose worker serves the queues; without queues it has no worker."""
        async with App(
            world=world or self.faulty(),
            clock=self.clock,
            worker=bool(queues),
            options=WorkerOptions(queues=queues or ("default",), **options),
            instruments=instruments,
        ) as app:
            yield app

    def faulty(self) -> FaultyWorld:
        """The world as one more process sees it."""
        return FaultyWorld(self.data.world())


Play = Callable[[Place], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make_data(request: pytest.FixtureRequest, tmp_path: Path) -> MakeData:
    """Makes empty data of one of the worlds."""
    if request.param == "postgres":
        return in_schemas(request.getfixturevalue("postgres"))
    return MemoryData if request.param == "memory" else in_files(tmp_path)


@pytest.fixture
def at_place(make_data: MakeData) -> Callable[[Play], None]:
    """Play something at an empty place, once for each world."""

    def at(play: Play) -> None:
        async def main() -> None:
            await play(Place(make_data))

        asyncio.run(asyncio.wait_for(main(), 60))

    return at


async def outcome(run: Run[Any]) -> Any:
    """The result of a run, or the error that tells why there is none."""
    try:
        return await run.result()
    except Exception as error:
        return error
