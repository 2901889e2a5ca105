"""Streams against a model: a list of chunks, from which those of an attempt are taken out again."""

import asyncio
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, held
from outlast.testing.conformance.sections.streaming import page, send, supersede, write, writer
from outlast.world import StreamPage, StreamWrite, Supersede, World
from outlast.worlds.memory import MemoryWorld
from outlast.worlds.sqlite import SqliteWorld

REFS: tuple[str, ...] = ("a#1", "b#1", "c#1")

Write: TypeAlias = tuple[str, int]
"""A step writes so many chunks."""
Fail: TypeAlias = str
"""The attempt of a step fails."""

OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(REFS), st.integers(0, 4)), st.sampled_from(REFS), st.none()
)
BATCHES = st.lists(st.lists(OPERATIONS, max_size=4), max_size=12)


class Model:
    """What is to be in the stream, and who writes."""

    def __init__(self) -> None:
        self.chunks: list[tuple[str, str]] = []
        self.attempts: dict[str, int] = dict.fromkeys(REFS, 1)
        self.written: dict[str, int] = dict.fromkeys(REFS, 0)
        self.count = 0

    def texts(self) -> list[str]:
        return [text for _, text in self.chunks]


class Reader:
    """A reader that asks for markers, and looks now and then."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.epoch: int | None = None

    async def look(self, scene: Scene) -> None:
        while True:
            found = await page(scene, len(self.texts), epoch=self.epoch, limit=3)
            self.epoch = found.epoch
            if found.rewound_to is not None and found.rewound_to < len(self.texts):
                del self.texts[found.rewound_to :]
                continue
            self.texts += texts_of(found)
            if len(self.texts) >= found.tail:
                return


def texts_of(found: StreamPage) -> list[str]:
    return [chunk.data.decode() for chunk in found.chunks]


async def play(scene: Scene, batches: list[list[Write | Fail | None]]) -> None:
    model, reader = Model(), Reader()
    await scene.create(held("a"))
    for batch in batches:
        parts: list[StreamWrite | Supersede] = []
        looks = False
        for operation in batch:
            if operation is None:
                looks = True
            elif isinstance(operation, str):
                parts.append(supersede(writer(operation, attempt=model.attempts[operation])))
                model.chunks = [one for one in model.chunks if one[0] != operation]
                model.attempts[operation] += 1
                model.written[operation] = 0
            else:
                ref, count = operation
                texts = [str(model.count + place) for place in range(count)]
                by = writer(ref, attempt=model.attempts[ref])
                parts.append(write(by, *texts, after=model.written[ref]))
                model.count += count
                model.written[ref] += count
                model.chunks += [(ref, text) for text in texts]
        if parts:
            assert await send(scene, *parts) == ("written",) * len(parts)
        if looks:
            await reader.look(scene)
            assert reader.texts == model.texts()
    await reader.look(scene)
    await check(scene, model, reader)


async def check(scene: Scene, model: Model, reader: Reader) -> None:
    wanted = model.texts()
    assert reader.texts == wanted
    whole = await page(scene)
    assert (texts_of(whole), whole.tail) == (wanted, len(wanted))
    for start in range(len(wanted) + 2):
        assert wanted[:start] + texts_of(await page(scene, start)) == wanted
        assert texts_of(await page(scene, -start - 1)) == wanted[-start - 1 :]
    for state in await scene.world.streams.states("a") or ():
        assert (state.chunks, state.bytes) == (len(wanted), sum(map(len, wanted)))


def run_on(world: World, clock: SettableClock, batches: list[list[Write | Fail | None]]) -> None:
    async def main() -> None:
        async with world.opened():
            await play(Scene(world, clock, lambda _: world), batches)

    asyncio.run(asyncio.wait_for(main(), 60))


@given(BATCHES)
@settings(max_examples=150, deadline=None)
def test_in_memory(batches: list[list[Write | Fail | None]]) -> None:
    clock = SettableClock()
    run_on(MemoryWorld(clock), clock, batches)


@given(BATCHES)
@settings(max_examples=25, deadline=None)
def test_in_sqlite(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Write | Fail | None]]
) -> None:
    folder = tmp_path_factory.mktemp("streams")
    clock = SettableClock()
    run_on(SqliteWorld(folder / "world.db", clock), clock, batches)
