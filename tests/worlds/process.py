"""What the tests of several processes do in a child: `python -m tests.worlds.process VERB WORLD`.

The child prints a line when it has done what it is for, and ends when its input is closed.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, append, draft, held
from outlast.worlds import world_from_url


async def hold(scene: Scene) -> None:
    """Be a worker that holds two runs."""
    await scene.register("doomed")
    await scene.commit(held("a", "doomed"), held("b", "doomed"))


async def write(scene: Scene) -> None:
    """Append 100 events to one run, one commit each."""
    for number in range(100):
        await scene.append("shared", f"child-{number}")


async def claim(scene: Scene) -> None:
    """Claim until there is nothing left, and tell what was claimed."""
    taken: list[str] = []
    while more := await scene.claimed_ids(f"worker-{id(scene)}", limit=7):
        taken += more
    print(",".join(taken), flush=True)


async def create(scene: Scene) -> None:
    """Create one run, and another with an attribute."""
    await scene.commit(draft("news"), append("news", "fact"))


VERBS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "hold": hold,
    "write": write,
    "claim": claim,
    "create": create,
}


async def main(verb: str, url: str) -> None:
    clock = SettableClock()
    world = world_from_url(url, clock)
    async with world.opened():
        await VERBS[verb](Scene(world, clock, lambda _: world))
        print("done", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
