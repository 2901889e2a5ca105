"""Small plays within one process, for the checker: no faults but those that are planted."""

import asyncio
from pathlib import Path

from chaos import flows
from chaos.evidence import Evidence, read_runs
from chaos.plants import Plant
from chaos.programs import Errand, Program
from chaos.twin import call_of
from chaos.watching import watched
from chaos.witness import Witness, testimonies
from outlast import App, Run, WorkerOptions
from outlast.testing import FaultyWorld, Signals, SkippingClock
from outlast.world import World
from outlast.worlds.memory import MemoryWorld

OPTIONS = WorkerOptions(queues=("default", flows.REMOTE), lease="10s")


def evidence_of(errands: list[Errand], folder: Path, plant: Plant | None = None) -> Evidence:
    """What one worker leaves that carries out the errands with a rule broken."""

    async def play() -> Evidence:
        clock = SkippingClock(threshold=0)
        world = MemoryWorld(clock)
        witness = Witness(folder / "one.witness")
        flows.Stage.witness, flows.Stage.takes_time = witness, False
        seen = watched(world, witness, plant)
        async with App(world=seen, clock=clock, options=OPTIONS) as app:
            runs = [await app.start(call_of(one), run_id=one.run_id) for one in errands]
            await asyncio.gather(*[_ended(run) for run in runs])
        witness.close()
        return await evidence_in(world, errands, folder)

    return asyncio.run(asyncio.wait_for(play(), 60))


def evidence_of_a_zombie(folder: Path, plant: Plant | None = None) -> Evidence:
    """What two workers leave of which the first stands still beyond its lease, in the middle of a step,
    and then goes on."""

    async def play() -> Evidence:
        clock = SkippingClock(threshold=0.002)
        world = MemoryWorld(clock)
        zombie, signals = FaultyWorld(world), Signals()
        witnesses = [Witness(folder / f"{name}.witness") for name in ("first", "second")]
        flows.Stage.witness, flows.Stage.takes_time = witnesses[0], False
        first = App(
            world=watched(zombie, witnesses[0], plant),
            clock=clock,
            options=OPTIONS,
            instruments=[signals],
        )
        async with App(world=world, worker=False, clock=clock) as looking:
            async with first:
                run = await looking.start(call_of(_LONG), run_id=_LONG.run_id)
                await signals.wait_for("attempt_started", times=3)
                zombie.pause()
                clock.advance("1 minute")
                seen = watched(world, witnesses[1])
                async with App(world=seen, clock=clock, options=OPTIONS):
                    await signals.wait_for("attempt_started", times=3)
                    while (await run.info()).worker == first.runtime.worker_id:
                        await asyncio.sleep(0)
                    zombie.resume()
                    await _ended(run)
            return await evidence_in(world, [_LONG], folder)

    return asyncio.run(asyncio.wait_for(play(), 60))


async def evidence_in(world: World, errands: list[Errand], folder: Path) -> Evidence:
    """The evidence in a closed world."""
    async with world.opened():
        return Evidence(
            runs=await read_runs(world),
            queue_empty=True,
            errands=errands,
            started=frozenset(errand.run_id for errand in errands),
            cancelled=frozenset(),
            testimonies=list(testimonies(folder)),
        )


def errand(program: Program, run_id: str = "run") -> Errand:
    """To carry out a program."""
    return Errand(run_id, program, "nothing", 0)


_LONG = errand({"sequence": [{"work": [n, 0, 0]} for n in range(1, 9)]}, "long")


async def _ended(run: Run[int]) -> None:
    """Wait for the end, within an hour of the clock's time: what never ends is for the checker to find."""
    await asyncio.gather(run.result("1 hour"), return_exceptions=True)
