"""Streams over HTTP: every form, from every place."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable

import pytest

from outlast.http.streams import _bytes, _events, _lines
from outlast.world import Chunk, StreamPage
from tests.http import flows
from tests.http.conftest import Site
from tests.http.reading import Message, read

OnSite = Callable[..., None]
NUMBERS = 7


async def _told(site: Site) -> str:
    run_id = await site.started(flows.telling.name, NUMBERS)
    await site.app.get_run(run_id).result("5s")
    return f"/runs/{run_id}/streams"


def test_every_chunk_comes_once_wherever_a_reader_comes_back(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        path = await _told(site)
        async with site.client() as client:
            everything = await read(client, f"{path}/default")
            chunks = everything[:-1]
            assert [one.data for one in chunks[:-1]] == [{"n": n} for n in range(NUMBERS)]
            assert chunks[-1] == Message(f"{NUMBERS}.0", "bytes", "AHJhdw==")
            assert everything[-1] == Message(None, "end", {"tail": NUMBERS})
            for at, chunk in enumerate(chunks):
                assert await read(client, f"{path}/default", chunk.id) == everything[at + 1 :]
                assert (
                    await read(client, f"{path}/default?after={chunk.id}") == everything[at + 1 :]
                )
                assert await read(client, f"{path}/default?start={at}") == everything[at:]
            assert await read(client, f"{path}/default?start=-2") == everything[-3:]

    on_site(scenario)


@pytest.mark.parametrize(("start", "place"), [(0, "-1.0"), (3, "2.0"), (-2, "5.0"), (-99, "-1.0")])
def test_the_place_comes_first_so_that_nobody_comes_back_to_another_one(
    on_site: OnSite, start: int, place: str
) -> None:
    async def scenario(site: Site) -> None:
        path = await _told(site)
        async with site.client() as client:
            told = (await client.get(f"{path}/default?start={start}")).text
            assert told.startswith(f"retry: 1000\n\nid: {place}\n\nid: ")
            assert await read(client, f"{path}/default", place) == await read(
                client, f"{path}/default?start={start}"
            )

    on_site(scenario)


def test_lines_and_bytes(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        path = await _told(site)
        async with site.client() as client:
            lines = await client.get(
                f"{path}/default?start=6", headers={"Accept": "application/x-ndjson"}
            )
            assert [json.loads(line) for line in lines.text.splitlines()] == [
                {"id": "6.0", "value": {"n": 6}},
                {"id": "7.0", "bytes": "AHJhdw=="},
                {"end": True, "tail": 7},
            ]
            plain = await client.get(f"{path}/default?format=bytes&start=6")
            assert plain.headers["content-type"] == "application/octet-stream"
            assert plain.content == b'{"n":6}\n\x00raw'
            listed = (await client.get(path)).json()["streams"]
            assert [(one["name"], one["tail"], one["closed"]) for one in listed] == [
                ("default", 7, True)
            ]

    on_site(scenario)


def test_a_stream_that_nobody_has_written_to_ends_with_its_run(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        path = await _told(site)
        async with site.client() as client:
            assert await read(client, f"{path}/other") == [Message(None, "end", {"tail": -1})]
            run = await site.started(flows.nap.name)
            assert (await read(client, f"/runs/{run}/streams/x?follow=false"))[-1].name == "end"

    on_site(scenario)


@pytest.mark.parametrize(
    ("place", "status"), [("17", 400), ("x.0", 400), ("1.-1", 400), ("9" * 30 + ".0", 400)]
)
def test_places_that_are_none_are_refused(on_site: OnSite, place: str, status: int) -> None:
    async def scenario(site: Site) -> None:
        path = await _told(site)
        async with site.client() as client:
            at = {"Last-Event-ID": place}
            assert (await client.get(f"{path}/default", headers=at)).status_code == status
            assert (await client.get(f"{path}/default?after={place}")).status_code == 422
            assert (await client.get("/runs/nobody/streams/default")).status_code == 404
            assert (await client.get(f"{path}/{300 * 'x'}")).status_code == 404

    on_site(scenario)


async def _rewound() -> AsyncGenerator[StreamPage]:
    one, two = Chunk(b"1"), Chunk(b"2")
    yield StreamPage(start=0, chunks=(one, one, one), tail=3, epoch=0, rewound_to=None, over=False)
    yield StreamPage(start=1, chunks=(two,), tail=2, epoch=1, rewound_to=1, over=True)


def test_what_is_taken_back_is_told() -> None:
    asyncio.run(_take_back())


async def _take_back() -> None:
    told = b"".join([frame async for frame in _events(_rewound(), 0)]).decode()
    assert 'id: 0.1\nevent: rewind\ndata: {"to_index":1}\n\nid: 1.1\ndata: 2\n\n' in told
    lines = b"".join([frame async for frame in _lines(_rewound(), 0)]).decode()
    assert lines.splitlines()[3:] == [
        '{"rewind":1}',
        '{"id":"1.1","value":2}',
        '{"end":true,"tail":1}',
    ]
    with pytest.raises(Exception, match="taken back"):
        [frame async for frame in _bytes(_rewound(), 0)]


def test_who_is_cut_off_before_a_rewind_is_told_of_it_again() -> None:
    asyncio.run(_come_back())


async def _come_back() -> None:
    """They read three chunks before the first was taken back, and what they get now ends after its first event."""
    pages = _rewound()
    await anext(pages)
    first = await anext(_events(pages, 3))
    assert first == b'id: 0.1\nevent: rewind\ndata: {"to_index":1}\n\n'
