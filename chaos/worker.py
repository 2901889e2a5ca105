"""A worker of the chaos, in a process of its own: `python -m chaos.worker ORDERS`, these as JSON.

It ends when its standard input does: so it does not outlive whoever started it.
"""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from chaos.flows import Stage
from chaos.plants import PLANTS
from chaos.watching import watched
from chaos.witness import Fenced, Witness
from outlast import App, WorkerOptions
from outlast._runtime.system import SystemClock
from outlast.errors import WorldUnavailableError
from outlast.instrument import Instrument
from outlast.worlds import world_from_url

TRIES = 100
PAUSE = 0.3


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker is to do."""

    url: str
    witness: str
    """The file to write down what it does."""
    queues: tuple[str, ...]
    lease: float
    plant: str | None = None
    """The name of the rule that it breaks."""


class _Fences(Instrument):
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def run_fenced(self, run_id: str) -> None:
        self._witness.note(Fenced(run_id))


async def main(orders: Orders) -> None:
    """Serve until SIGTERM."""
    _end_with_parent()
    # A worker that still waits for a server has nothing to hand back: `serve` takes the signal over.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    Stage.witness = witness = Witness(Path(orders.witness))
    options = WorkerOptions(
        queues=orders.queues,
        lease=orders.lease,
        linger=0.3,
        slow_step_after="30ms",
        grace="3s",
        recovery_limit=10_000,  # the undisturbed twin knows of no dead workers
    )
    async with AsyncExitStack() as stack:
        app = await _opened(stack, orders, options, witness)
        await app.serve()


async def _opened(
    stack: AsyncExitStack, orders: Orders, options: WorkerOptions, witness: Witness
) -> App:
    """The app, once the world can be reached: a server may be down at first."""
    for _ in range(TRIES):
        clock = SystemClock()
        world = watched(
            world_from_url(orders.url, clock),
            witness,
            PLANTS[orders.plant] if orders.plant else None,
        )
        app = App(world=world, clock=clock, options=options, instruments=[_Fences(witness)])
        try:
            return await stack.enter_async_context(app)
        except WorldUnavailableError as error:
            print(error, file=sys.stderr)
            await asyncio.sleep(PAUSE)
    raise TimeoutError("the world cannot be reached")


def _end_with_parent() -> None:
    """Nothing is ever written to standard input: that it can be read means that it has ended."""
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), os._exit, 1)


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Orders)))
