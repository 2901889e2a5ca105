"""Feeds of runs and logs."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from starlette.types import Message as Sent

from outlast.http.draining import Reader, Readers
from outlast.http.feeds import COMMENT, STOPPING, Feed
from outlast.records import EventRecord
from tests.http import flows
from tests.http.conftest import Site
from tests.http.reading import read

OnSite = Callable[..., None]


def test_a_log_is_followed_to_its_end_and_from_any_place(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run_id = await site.started(flows.twice.name, 3)
        async with site.client() as client:
            everything = await read(client, f"/runs/{run_id}/feed")
            assert everything[-1].name == "end"
            assert everything[-1].data["status"] == "completed"
            events = [msgspec.convert(one.data, EventRecord) for one in everything[:-1]]
            assert events == await site.app.get_run(run_id).events()
            for one in everything[:-1]:
                rest = await read(client, f"/runs/{run_id}/feed", one.id)
                assert rest == everything[int(one.id or "") + 1 :]
            bad = await client.get(f"/runs/{run_id}/feed", headers={"Last-Event-ID": "x"})
            assert bad.status_code == 400

    on_site(scenario)


def test_who_asks_for_the_headers_alone_waits_for_nothing(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run_id = await site.started(flows.nap.name)
        async with site.client() as client, asyncio.timeout(5):
            for path in (f"/runs/{run_id}/feed", f"/runs/{run_id}/streams/default", "/feed"):
                answer = await client.head(path)
                assert (answer.status_code, answer.content) == (200, b"")

    on_site(scenario)


class Wire:
    """An ASGI connection by hand."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.arrived = asyncio.Event()
        self.gone = asyncio.Event()

    async def receive(self) -> Sent:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Sent) -> None:
        self.sent.append(message)
        self.arrived.set()

    @property
    def body(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.sent)

    async def until(self, part: bytes) -> None:
        while part not in self.body:
            self.arrived.clear()
            await self.arrived.wait()


async def _silent(left: list[str]) -> Any:
    try:
        yield b"data: 1\n\n"
        await asyncio.Event().wait()
    finally:
        left.append("closed")


@pytest.mark.parametrize("end", ["drained", "gone"])
def test_a_silent_feed_is_kept_alive_until_it_ends(end: str) -> None:
    async def main() -> None:
        wire, readers, left = Wire(), Readers(ping_every=0.01), list[str]()
        feed = asyncio.ensure_future(Feed(_silent(left), readers)({}, wire.receive, wire.send))
        await asyncio.wait_for(wire.until(2 * COMMENT), 5)
        assert len(readers) == 1
        readers.drain() if end == "drained" else wire.gone.set()
        await asyncio.wait_for(feed, 5)
        assert wire.body.startswith(b"retry: 1000\n\ndata: 1\n\n")
        assert wire.body.endswith(STOPPING) == (end == "drained")
        assert left == ["closed"]
        assert len(readers) == 0

    asyncio.run(main())


def test_who_comes_while_the_server_stops_is_sent_away() -> None:
    async def main() -> None:
        readers = Readers()
        readers.drain()
        reader = Reader(None)
        readers.add(reader)
        assert reader.leaving.done()
        readers.remove(reader)

    asyncio.run(main())
