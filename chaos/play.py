"""The play: runs are started, faults strike, all is healed, everything comes to its end, and evidence is taken."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar, assert_never

import msgspec

from chaos.crew import Crew
from chaos.evidence import Evidence, Violation, read_runs
from chaos.faults import Cut, Fault, Kill, Kind, Meddle, Pause, Restart, Slow, Stall, draw
from chaos.flows import DISPATCHED, FAR, REMOTE
from chaos.programs import Errand, errands
from chaos.stage import Place, place_of
from chaos.twin import call_of
from chaos.witness import testimonies
from outlast import App, Run
from outlast._model.runs import TERMINAL, RunStatus
from outlast.errors import WorldUnavailableError
from outlast.world import RunFilter

T = TypeVar("T")

UNFINISHED = tuple(status for status in RunStatus if status not in TERMINAL)
LOOK_EVERY = 0.25
LEAD = 1.0
"""Seconds before the first faults: so that there is something to strike."""


class NotEmptyError(Exception):
    """The world has runs already: nobody could tell what they are to come to."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to play."""

    world: str = "postgres"
    """`postgres`: a server of our own; `sqlite`: a file of our own; or the URL of an empty world."""
    seed: int = 1
    runs: int = 5_000
    faults: int = 200
    seconds: float = 240
    """How long starts and faults go on."""
    settle: float = 120
    """How long all may take to come to its end then."""
    workers: int = 4
    lease: float = 2
    kinds: tuple[Kind, ...] = ()
    """Only faults of these kinds; all that the world can have, if it is empty."""
    plant: str | None = None
    """The rule that the workers break, to see that it is found."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What there is when it is over."""

    evidence: Evidence
    problems: list[Violation]
    """What went wrong in the open: workers that ended by themselves."""
    faults: dict[Kind, int]
    lacking: str
    """Why some kinds of faults were not drawn."""
    seconds: float
    settled: float
    """How long it took from the last fault until all was over."""


async def play(options: Options, folder: Path, tell: Callable[[str], None]) -> Played:
    """Play it, in an empty folder, which is left with the logs of the workers.

    Raises `NotEmptyError`, and `WorldError` for a world that cannot be opened.
    """
    began = time.monotonic()
    async with place_of(options.world, folder) as place:
        kinds = [kind for kind in place.kinds if kind in (options.kinds or place.kinds)]
        drawn = draw(
            options.seed, kinds, count=options.faults, seconds=options.seconds, lease=options.lease
        )
        scene = _Scene(options, place, folder, tell)
        await scene.play(drawn)
        tell("reading what is left")
        evidence = await scene.evidence()
    return Played(
        evidence=evidence,
        problems=[Violation("workers go on", "-", one) for one in scene.crew.problems],
        faults=dict(Counter(kind for kind, _ in drawn)),
        lacking=place.lacking,
        seconds=time.monotonic() - began,
        settled=scene.settled,
    )


class _Scene:
    def __init__(
        self, options: Options, place: Place, folder: Path, tell: Callable[[str], None]
    ) -> None:
        self.crew = Crew(
            place.through, folder, size=options.workers, lease=options.lease, plant=options.plant
        )
        self.settled = 0.0
        self._options, self._place, self._folder, self._tell = options, place, folder, tell
        self._errands = errands(options.seed, options.runs)
        self._started: set[str] = set()
        self._cancelled: set[str] = set()

    async def play(self, faults: list[tuple[Kind, Fault]]) -> None:
        async with self._looking(self._place.url) as app:  # the schema is there when workers come
            if (await app.list_runs(limit=1)).runs:
                raise NotEmptyError(self._options.world)
        async with self.crew.working(), self._looking(self._place.through) as app:
            starting = asyncio.create_task(self._start_all(app))
            try:
                await self._strike(faults)
                self._tell("all faults have struck; waiting for all runs to end")
                healed = time.monotonic()
                await self._settle(starting)
                self.settled = time.monotonic() - healed
            finally:
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
            self._tell("all is over; the workers are asked to stop")
            await self.crew.stop()

    async def evidence(self) -> Evidence:
        async with self._looking(self._place.url) as app:
            world = app.runtime.world
            due = await world.steps.next_due(frozenset(DISPATCHED), (REMOTE, FAR))
            return Evidence(
                runs=await read_runs(world),
                queue_empty=due is None,
                errands=self._errands,
                started=frozenset(self._started),
                cancelled=frozenset(self._cancelled),
                testimonies=list(testimonies(self._folder)),
            )

    @asynccontextmanager
    async def _looking(self, url: str) -> AsyncGenerator[App]:
        async with App(url, worker=False) as app:
            yield app

    # What happens to the runs

    async def _start_all(self, app: App) -> None:
        """Start the runs evenly over the time of the faults, and do what is to be done with each."""
        gap = (self._options.seconds + LEAD) / max(1, len(self._errands))
        async with asyncio.TaskGroup() as group:
            for errand in self._errands:
                group.create_task(self._attend(app, errand))
                await asyncio.sleep(gap)

    async def _attend(self, app: App, errand: Errand) -> None:
        delay = errand.pace if errand.act == "delay" else None
        run = await _insist(lambda: app.start(call_of(errand), run_id=errand.run_id, delay=delay))
        self._started.add(errand.run_id)
        if errand.lingers:
            await asyncio.sleep(2 * errand.pace)
        if errand.act == "cancel" and await _insist(lambda: run.cancel("enough")):
            self._cancelled.add(errand.run_id)
        if errand.act == "wake":
            await self._wake(run)

    async def _wake(self, run: Run[int]) -> None:
        """Wake it until it is over: before its first turn there is no sleep to end."""
        while await _insist(run.wake):
            await asyncio.sleep(1)

    # What happens to everything else

    async def _strike(self, faults: list[tuple[Kind, Fault]]) -> None:
        began = time.monotonic() + LEAD
        async with asyncio.TaskGroup() as group:
            for number, (kind, fault) in enumerate(faults):
                await asyncio.sleep(max(0, began + fault.at - time.monotonic()))
                if number % 10 == 0:
                    self._tell(f"{number} faults, {len(self._started)} runs started; now: {kind}")
                group.create_task(self._do(fault))
        if self._place.proxy is not None:
            self._place.proxy.calm()

    async def _do(self, fault: Fault) -> None:
        proxy = self._place.proxy
        match fault:
            case Kill(whom=whom, missing=missing):
                await self.crew.kill(whom, missing)
            case Pause(whom=whom, lasting=lasting):
                await self.crew.pause(whom, lasting)
            case Restart(crash=crash, down=down):
                await self._place.restart(crash=crash, down=down)
            case Cut(share=share, unanswered=unanswered, seed=seed) if proxy:
                chance = random.Random(seed)
                cut = proxy.cut_unanswered if unanswered else proxy.cut
                cut(lambda: chance.random() < share)
            case Slow(lasting=lasting, delay=delay) if proxy:
                proxy.delay = delay
                await asyncio.sleep(lasting)
                proxy.delay = 0
            case Stall(lasting=lasting) if proxy:
                proxy.flowing.clear()
                await asyncio.sleep(lasting)
                proxy.flowing.set()
            case Meddle(lasting=lasting, copies=copies) if proxy:
                proxy.copies = copies
                await asyncio.sleep(lasting)
                proxy.copies = 1
            case Cut() | Slow() | Stall() | Meddle():
                raise AssertionError("a world without a network has no such fault")
            case unknown:
                assert_never(unknown)

    async def _settle(self, starting: asyncio.Task[None]) -> None:
        """Wait until all were started and all are over; not for ever."""
        until = time.monotonic() + self._options.settle
        async with self._looking(self._place.url) as app:
            unfinished = RunFilter(statuses=UNFINISHED)
            while time.monotonic() < until:
                page = await app.runtime.world.listing.find(unfinished, limit=1)
                if starting.done() and not page.runs:
                    await starting
                    return
                await asyncio.sleep(LOOK_EVERY)


async def _insist(make: Callable[[], Awaitable[T]]) -> T:
    """Do it, again and again while the world cannot be used. It may have been done all the same."""
    while True:
        try:
            return await make()
        except WorldUnavailableError:
            await asyncio.sleep(LOOK_EVERY)
