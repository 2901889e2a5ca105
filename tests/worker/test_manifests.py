"""What a worker tells of its code: beside what other programs of its version have told."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from outlast import App, workflow
from outlast._registry.manifest import decode_manifest, encode_manifest
from outlast.testing import FaultyWorld, SkippingClock
from outlast.worlds.memory import MemoryWorld

NAME = "manifests.here"


@workflow(name=NAME)
async def here() -> None: ...


def starting(change: Callable[[bytes], bytes]) -> tuple[bytes | None, bytes, list[int]]:
    """What a version has, and how often each of two workers has written, where another program has put
    what the change makes of the manifest that they have."""

    async def main() -> tuple[bytes | None, bytes, list[int]]:
        world, written = MemoryWorld(clock := SkippingClock()), list[int]()
        async with world.opened():
            async with App(world=FaultyWorld(world), clock=clock) as app:
                version = app.runtime.version
                own = await world.listing.manifest(version) or b""
                assert await world.listing.save_manifest(version, 0, change(own), over=own)
            for _ in range(2):
                async with App(world=(door := FaultyWorld(world)), clock=clock):
                    written.append(door.calls.count("save_manifest"))
            return await world.listing.manifest(version), own, written

    return asyncio.run(asyncio.wait_for(main(), 60))


def test_what_is_new_comes_to_what_others_have_told_and_is_written_once() -> None:
    def elsewhere(data: bytes) -> bytes:
        manifest = decode_manifest(data)
        [entry] = [one for one in manifest.entries if one.name == NAME]
        others = [one for one in manifest.entries if one.name != NAME][1:]
        entries = (*others, replace(entry, name="manifests.elsewhere"))
        return encode_manifest(replace(manifest, entries=entries))

    kept, own, written = starting(elsewhere)
    assert kept is not None
    names = {(one.kind, one.name) for one in decode_manifest(kept).entries}
    told = {(one.kind, one.name) for one in decode_manifest(own).entries}
    assert names == told | {("workflow", "manifests.elsewhere")}
    assert written == [1, 0]


def test_a_manifest_that_cannot_be_read_is_left() -> None:
    kept, _, written = starting(lambda _data: b"{}")
    assert (kept, written) == (b"{}", [0, 0])
