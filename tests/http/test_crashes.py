"""Streams over real sockets, while servers and writers are killed: nothing is missing, and nothing comes twice."""

import asyncio
import signal
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from outlast.errors import WorldUnavailableError
from outlast.http import RemoteApp
from outlast.http import following as following_module
from outlast.http.serving import address_of, listen
from outlast.records import Rewind
from tests.http.reading import Message, messages
from tests.http.servers import (
    LIMIT,
    Server,
    read_after,
    read_some,
    serving,
    start_run,
    what_counts,
    working,
)

NUMBERS = 4
WORDS: list[Any] = [[3, 0], [3, 1], [3, 2], [3, 3], ["end", 0], ["end", 1]]


async def _all_places(client: httpx.AsyncClient, path: str) -> list[Message]:
    """All of a stream that is over; checked to be what comes from each place on, however the place is named."""
    everything = await read_after(client, path, None)
    for k in range(len(everything)):
        from_index = read_after(client, f"{path}?start={k}", None)
        from_end = read_after(client, f"{path}?start={k - len(WORDS) or len(WORDS)}", None)
        after = read_after(client, path, everything[k - 1].id if k else "-1.0")
        first, second, third = await asyncio.gather(from_index, from_end, after)
        assert first == everything[k:]
        assert second == everything[k:]
        assert third == everything[k:]
    return everything


def test_what_was_read_and_what_comes_after_it_make_the_whole_for_every_place(
    folder: Path,
) -> None:
    """The step that writes is made three times. Readers are cut off at each message that they get meanwhile."""

    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id = await start_run(client, "stumbling", NUMBERS, str(folder / "go"))
            path = f"/runs/{run_id}/streams/words"
            live = await _told_until(client, path, [2, 4])
            (folder / "go").touch()
            for k in range(1, len(live) + 1):
                later = await read_after(client, path, live[k - 1].id)
                assert what_counts([], live[:k] + later) == WORDS, k
            everything = await _all_places(client, path)
            assert [one.data for one in everything[:-1]] == WORDS

    with serving(folder) as server:
        asyncio.run(main(server))


async def _told_until(client: httpx.AsyncClient, path: str, last: Any) -> list[Message]:
    """What a reader is told from the beginning until this comes, with what is taken back meanwhile."""
    told: list[Message] = []
    async with client.stream("GET", path) as answer:
        async for one in messages(answer):
            told.append(one)
            if one.data == last:
                return told
    raise AssertionError(told)


def test_a_reader_goes_on_at_another_server(folder: Path) -> None:
    """The writer lives on, so nothing is taken back."""

    async def first(server: Server) -> tuple[str, list[Message]]:
        async with server.client() as client:
            path = f"/runs/{await start_run(client, 'count', 20)}/streams/default"
            return path, await read_some(client, path, 10)

    async def second(server: Server, path: str, last: str | None) -> list[Message]:
        async with server.client() as client:
            return await read_after(client, path, last)

    with working(folder), serving(folder, "--no-worker") as other:
        with serving(folder, "--no-worker") as server:
            path, seen = asyncio.run(first(server))
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
        (folder / "go").touch()
        told = asyncio.run(second(other, path, seen[-1].id))
    assert [one.data for one in seen + told[:-1]] == list(range(20))


def test_a_remote_reader_does_not_notice_that_servers_and_writers_die(folder: Path) -> None:
    """Both are killed while it reads; the server comes back at the same address."""

    async def main(first: Server, worker: Any, again: ExitStack) -> tuple[list[Any], list[Any]]:
        async with RemoteApp(first.url) as app:
            async with first.client() as client:
                run = app.get_run(await start_run(client, "count", 20))
            plain: list[Any] = []
            marked: list[Any] = []
            async with aclosing(run.stream()) as values, aclosing(run.stream(markers=True)) as told:
                for _ in range(10):
                    plain.append(await anext(values))
                    marked.append(await anext(told))
                worker.kill()
                first.end(signal.SIGKILL)
                (folder / "go").touch()
                again.enter_context(serving(folder, "--no-worker", port=first.port))
                again.enter_context(working(folder))
                plain += [value async for value in values]
                async for one in told:
                    if isinstance(one, Rewind):
                        del marked[one.to_index :]
                    else:
                        marked.append(one)
        return plain, marked

    with (
        ExitStack() as again,
        working(folder) as worker,
        serving(folder, "--no-worker") as first,
    ):
        plain, marked = asyncio.run(asyncio.wait_for(main(first, worker, again), LIMIT))
    assert plain == list(range(20)), "without markers it goes on behind what it has"
    assert marked == list(range(20))


def test_a_reader_gives_up_when_nobody_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following_module, "COME_BACK_AFTER", 0.001)

    async def main() -> None:
        with listen("127.0.0.1", 0) as listening:
            url = address_of(listening)
        async with RemoteApp(url) as app:
            with pytest.raises(WorldUnavailableError, match=r"tried 6 times") as caught:
                await anext(app.get_run("run").stream())
        assert url in str(caught.value)

    asyncio.run(main())
