"""What an attempt writes, and what of it is on its way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from outlast._runtime.followers import Followers
from outlast._runtime.observers import Observers
from outlast._runtime.options import RuntimeOptions
from outlast._runtime.streams import AttemptStreams, Outlet, StreamSender
from outlast._runtime.system import SystemClock
from outlast.errors import NoAppError, StreamClosedError
from outlast.testing import FaultyWorld, Stall
from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, held
from outlast.testing.conformance.sections.streaming import page, texts
from outlast.world import Chunk, Writer
from outlast.worlds.memory import MemoryWorld

WRITER = Writer("work#1", 1, 1)
A, B = Chunk(b"a"), Chunk(b"b")

Body = Callable[[Scene, FaultyWorld, StreamSender], Awaitable[None]]


def play(body: Body, *, chunks: int = 10_000) -> None:
    async def main() -> None:
        clock = SettableClock()
        world = FaultyWorld(MemoryWorld(clock))
        async with world.opened():
            scene = Scene(world, clock, lambda _: world)
            await scene.create(held("a"))
            followers = Followers(world.news)
            chosen = RuntimeOptions(stream_buffer_chunks=chunks)
            sender = StreamSender(world.streams, SystemClock(), followers, chosen, Observers())
            await body(scene, world, sender)
            world.resume()
            await sender.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def outlet_of(sender: StreamSender) -> Outlet:
    return Outlet(sender, "a", "s", WRITER)


async def stalled(world: FaultyWorld, outlet: Outlet) -> None:
    """Have the first chunk on its way."""
    world.inject(Stall(call=1, of="write_streams", when="before"))
    await outlet.put(A)
    await world.stalled.wait()


def test_closing_while_chunks_are_on_their_way() -> None:
    async def body(scene: Scene, world: FaultyWorld, sender: StreamSender) -> None:
        outlet = outlet_of(sender)
        await stalled(world, outlet)
        closing = asyncio.create_task(outlet.close())
        await asyncio.sleep(0)
        world.resume()
        await closing
        assert (await page(scene)).over
        assert await texts(scene) == "a"
        await outlet.close()
        with pytest.raises(StreamClosedError):
            await outlet.put(B)

    play(body)


def test_a_flush_waits_for_what_came_before_it() -> None:
    async def body(scene: Scene, world: FaultyWorld, sender: StreamSender) -> None:
        outlet = outlet_of(sender)
        await stalled(world, outlet)
        await outlet.put(B)
        flushing = asyncio.create_task(outlet.flush())
        await asyncio.sleep(0)
        assert not flushing.done()
        world.resume()
        await flushing
        assert await texts(scene) == "ab"
        await outlet.flush()

    play(body)


def test_a_full_buffer_makes_writers_wait() -> None:
    async def body(scene: Scene, world: FaultyWorld, sender: StreamSender) -> None:
        outlet = outlet_of(sender)
        await stalled(world, outlet)
        await outlet.put(B)
        third = asyncio.create_task(outlet.put(A))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not third.done()
        world.resume()
        await third
        await outlet.flush()
        assert await texts(scene) == "aba"

    play(body, chunks=2)


def test_what_a_failed_attempt_has_pending_is_dropped() -> None:
    async def body(scene: Scene, world: FaultyWorld, sender: StreamSender) -> None:
        streams = AttemptStreams(sender, "a", WRITER)
        outlet = streams.outlet("s")
        await stalled(world, outlet)
        await outlet.put(B)
        taking_back = asyncio.create_task(streams.take_back())
        await asyncio.sleep(0)
        world.resume()
        await taking_back
        assert await texts(scene) == ""
        with pytest.raises(StreamClosedError):
            await outlet.put(A)
        newer = Outlet(sender, "a", "s", Writer("work#1", 1, 2))
        await newer.put(B)
        await newer.flush()
        assert await texts(scene) == "b"

    play(body)


def test_whoever_waits_when_the_app_closes_is_told() -> None:
    async def body(_scene: Scene, world: FaultyWorld, sender: StreamSender) -> None:
        outlet = outlet_of(sender)
        await stalled(world, outlet)
        flushing = asyncio.create_task(outlet.flush())
        await asyncio.sleep(0)
        await sender.close()
        with pytest.raises(NoAppError):
            await flushing
        with pytest.raises(NoAppError):
            await outlet.put(B)
        with pytest.raises(NoAppError):
            await AttemptStreams(sender, "a", WRITER).take_back()

    play(body)
