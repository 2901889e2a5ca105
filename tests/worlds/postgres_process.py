"""What the tests of several processes do in a child: `python -m tests.worlds.postgres_process VERB URL`.

The child prints a line when it has done what it is for, and ends when its input is closed.
"""

import asyncio
import sys

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene
from outlast.worlds.postgres import PostgresWorld
from tests.worlds.process import VERBS


async def main(verb: str, url: str) -> None:
    clock = SettableClock()
    world = PostgresWorld(url, clock)
    async with world.opened():
        await VERBS[verb](Scene(world, clock, lambda _: world))
        print("done", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
