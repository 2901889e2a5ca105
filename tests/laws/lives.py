"""Running a run through the deaths of its processes, and what is left to look at afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from outlast import App, RunStatus, WorkerOptions
from outlast._codec import decode_event
from outlast._model.events import Logged
from outlast._model.runs import TERMINAL, RunRecord
from outlast._registry.registry import REGISTRY
from outlast.errors import WorldUnavailableError
from outlast.records import RunPage
from outlast.testing import Fault, FaultyWorld, Signals, SkippingClock, crash
from outlast.world import RunFilter, World
from tests.laws.data import Data, MakeData

RUN = "run"
"""The id of the run that a law looks at."""

T = TypeVar("T")

Log = tuple[Logged, ...]
Script = Callable[[App], Awaitable[Any]]


@dataclass(frozen=True)
class Ended:
    """How a run ended: its result, or its error."""

    result: Any = None
    error: type[BaseException] | None = None
    text: str = ""


@dataclass
class Life:
    """What one process did."""

    ended: Ended | None
    """`None` if it died before."""
    calls: tuple[str, ...]
    """The calls to the world since the app was open."""
    signals: Signals
    left: dict[str, Log] = field(default_factory=dict)
    """The logs that it left."""


@dataclass
class Story:
    """All lives of a run until its end."""

    lives: list[Life]
    statuses: dict[str, RunStatus]
    clock: SkippingClock
    queued: bool = False
    """Whether a dispatched step is still in the queue."""

    @property
    def ended(self) -> Ended:
        ended = self.lives[-1].ended
        assert ended is not None
        return ended

    @property
    def logs(self) -> dict[str, Log]:
        return self.lives[-1].left


def tell(
    make_data: MakeData,
    script: Script,
    *deaths: Sequence[Fault],
    at_start: bool = False,
    options: WorkerOptions | None = None,
) -> Story:
    """Play the script in one process after the other: one for each death, then one that lives on.

    The faults count the calls from where the app is open, or with `at_start` from its beginning.
    """

    async def main() -> Story:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)
        lives = []
        for faults in (*deaths, ()):
            life = await live(data, clock, script, faults, at_start=at_start, options=options)
            life.left = await read_logs(data.world())
            lives.append(life)
            if life.ended is not None:
                break
        return Story(
            lives, await statuses(data.world()), clock, queued=await has_queued(data.world())
        )

    return asyncio.run(asyncio.wait_for(main(), 60))


async def live(
    data: Data,
    clock: SkippingClock,
    script: Script,
    faults: Sequence[Fault] = (),
    *,
    at_start: bool = False,
    options: WorkerOptions | None = None,
) -> Life:
    """One process: play the script until its end, or until a fault kills the process."""
    world = FaultyWorld(data.world(), *faults if at_start else ())
    signals = Signals()
    app = App(world=world, clock=clock, instruments=[signals], options=options)
    life = Life(None, (), signals)

    async def play() -> None:
        async with app:
            first = len(world.calls)
            world.inject(*() if at_start else faults)
            life.ended = await ending_of(script(app))
            life.calls = tuple(world.calls[first:])
            await _wait_for_all(app)

    body = asyncio.create_task(play())
    death = asyncio.create_task(world.crashed.wait())
    await asyncio.wait({body, death}, return_when=asyncio.FIRST_COMPLETED)
    if not body.done():
        await crash(app)
        body.cancel()
        life.ended = None
    death.cancel()
    results = await asyncio.gather(body, death, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]
    return life


async def read_logs(world: World) -> dict[str, Log]:
    """The logs of all runs."""
    async with world.opened():
        page = await world.listing.find(RunFilter(), limit=1_000)
        return {
            run.id: tuple([decode_event(one) for one in await world.log.read(run.id)])
            for run in page.runs
        }


async def statuses(world: World) -> dict[str, RunStatus]:
    """Where each run stands."""
    return {run.id: run.status for run in await rows(world)}


async def has_queued(world: World) -> bool:
    """Whether a dispatched step of the shapes is in the queue."""
    async with world.opened():
        names = REGISTRY.dispatched_steps()
        return (
            await world.steps.next_due(names, ("default", "nowhere", "far", "unserved", "gpu"))
            is not None
        )


async def rows(world: World) -> tuple[RunRecord, ...]:
    """The rows of all runs."""
    async with world.opened():
        return (await world.listing.find(RunFilter(), limit=1_000)).runs


async def insist(make: Callable[[], Awaitable[T]]) -> T:
    """Do it, again and again while the world cannot be used."""
    for _ in range(20):
        with suppress(WorldUnavailableError):
            return await make()
    raise AssertionError("the world cannot be used for ever")


async def ending_of(result: Awaitable[Any]) -> Ended:
    try:
        return Ended(result=await result)
    except Exception as error:
        return Ended(error=type(error), text=str(error))


async def _wait_for_all(app: App) -> None:
    """Wait until the runs that nobody waits for are over too."""

    def all_runs() -> Awaitable[RunPage]:
        return app.list_runs(limit=1_000)

    while left := [
        info.id
        for info in (await insist(all_runs)).runs
        if info.status not in TERMINAL and info.status is not RunStatus.BLOCKED
    ]:
        for run_id in left:
            await ending_of(insist(app.get_run(run_id).result))
