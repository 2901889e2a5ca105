"""A world and the memory world do the same."""

from outlast._ids import seeded_random
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.programs import same_as_memory
from outlast.testing.conformance.scene import Scene

COMPARING = Section("comparing")


def _add(seed: int) -> None:
    async def program(scene: Scene) -> None:
        """A random program has the same answers, rows and logs on this world and in memory."""
        chance = seeded_random(f"program-{seed}")
        await same_as_memory(scene.world, scene.clock, chance, steps=150)

    program.__name__ = f"program_{seed}"
    COMPARING.check()(program)


for _seed in range(10):
    _add(_seed)
