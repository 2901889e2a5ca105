"""Hypothesis looks for a program whose answers differ between SQLite and memory."""

import asyncio
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from outlast.testing.conformance import SettableClock, same_as_memory
from outlast.worlds.sqlite import SqliteWorld


@settings(max_examples=settings().max_examples // 2)  # each opens a file
@given(chance=st.randoms(use_true_random=False), steps=st.integers(1, 25))
def test_sqlite_does_as_memory_does(chance: random.Random, steps: int) -> None:
    async def compare(path: Path) -> None:
        clock = SettableClock()
        world = SqliteWorld(path, clock)
        async with world.opened():
            await same_as_memory(world, clock, chance, steps=steps)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder) / "world.db"))
