"""Real servers on real sockets: killed, stopped, come back to."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

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
from tests.programs import Start, run_program


def test_a_dropped_reader_goes_on_where_it_was(folder: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            path = f"/runs/{await start_run(client, 'count', 20)}/streams/default"
            first = await read_some(client, path, 7)
            (folder / "go").touch()
            rest = await read_after(client, path, first[-1].id)
        assert [one.data for one in first + rest[:-1]] == list(range(20))
        assert rest[-1].name == "end"

    with serving(folder) as server:
        asyncio.run(main(server))


def test_a_reader_goes_on_when_the_serving_process_was_killed(folder: Path) -> None:
    """Its worker made the step, so what the dead attempt wrote is taken back, and told."""

    async def before(server: Server) -> tuple[str, list[Message]]:
        async with server.client() as client:
            path = f"/runs/{await start_run(client, 'count', 20)}/streams/default"
            got = await read_some(client, path, 7)
        return path, got

    async def after(server: Server, path: str, last: str | None) -> list[Message]:
        async with server.client() as client:
            return await read_after(client, path, last)

    with serving(folder) as server:
        path, seen = asyncio.run(before(server))
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    (folder / "go").touch()
    with serving(folder) as server:
        rest = asyncio.run(after(server, path, seen[-1].id))
    assert what_counts([one.data for one in seen], rest) == list(range(20))
    assert rest[-1].name == "end"


def test_a_reader_hears_of_the_death_of_the_writer(folder: Path) -> None:
    """The writer is another process than the one that serves the reader, who stays connected."""

    async def main(server: Server) -> list[Message]:
        counted: list[Message] = []
        with ExitStack() as workers:
            first = workers.enter_context(working(folder))
            async with server.client() as client:
                path = f"/runs/{await start_run(client, 'count', 20)}/streams/default"
                async with client.stream("GET", path) as answer:
                    async for one in messages(answer):
                        counted.append(one)
                        if len(counted) == 10:
                            first.kill()
                            first.wait(LIMIT)
                            (folder / "go").touch()
                            workers.enter_context(working(folder))
        return counted

    with serving(folder, "--no-worker") as server:
        told = asyncio.run(main(server))
    assert "rewind" in {one.name for one in told}
    assert what_counts([], told) == list(range(20))
    assert told[-1].name == "end"


def test_a_stopping_server_sends_readers_away_and_finishes_requests(folder: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id = await start_run(client, "count", 20)
            async with client.stream("GET", f"/runs/{run_id}/streams/default") as answer:
                server.process.send_signal(signal.SIGTERM)
                told = [line async for line in answer.aiter_lines()]
        assert "retry: 500" in told, "it ended well, and with the hint"
        assert not any(line == "event: end" for line in told)

    with serving(folder) as server:
        asyncio.run(main(server))
        (folder / "go").touch()
        assert server.process.wait(LIMIT) == 0


def test_many_read_one_stream_at_once(folder: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            path = f"/runs/{await start_run(client, 'count', 50)}/streams/default"
            (folder / "go").touch()
            readers = [read_after(client, path, None) for _ in range(40)]
            for told in await asyncio.gather(*readers):
                assert [one.data for one in told[:-1]] == list(range(50))

    with serving(folder) as server:
        asyncio.run(main(server))


def test_a_server_without_workflows_looks_and_acts(folder: Path) -> None:
    started = run_program(Start(("-m", "outlast", "start", "served.py:count", "3"), folder))
    run_id = started.stdout.strip()

    async def main(server: Server) -> None:
        async with server.client() as client:
            assert (await client.get(f"/runs/{run_id}")).json()["status"] == "pending"
            assert (await client.post(f"/runs/{run_id}/cancel")).json()["done"] is True

    with serving(folder, "--no-worker") as server:
        asyncio.run(main(server))
