"""Real servers on real sockets: killed, stopped, come back to."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.http.reading import Message, messages
from tests.postgres import Postgres

LIMIT = 30
"""Seconds; no test comes near it."""


class Server:
    """`outlast serve` in a folder, and a client of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "outlast", "serve", "served.py", "--port", "0", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def client(self) -> httpx.AsyncClient:
        """A client of the API."""
        return httpx.AsyncClient(base_url=self.url, timeout=LIMIT)

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """A server for a while."""
    server = Server(folder, *options)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(LIMIT)
        assert server.process.stdout is not None
        server.process.stdout.close()


@contextmanager
def working(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker beside the server for a while."""
    command = [sys.executable, "-m", "outlast", "worker", "served.py"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(LIMIT)


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with workflows that go on when a file is there."""
    monkeypatch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
    url = f"sqlite:///{tmp_path}/served.db"
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url()
    monkeypatch.setenv("OUTLAST_URL", url)
    shutil.copyfile(Path(__file__).with_name("served.py"), tmp_path / "served.py")
    return tmp_path


async def _start(client: httpx.AsyncClient, workflow: str, *args: object) -> str:
    answer = await client.post("/runs", json={"workflow": workflow, "args": args})
    run_id: str = answer.raise_for_status().json()["id"]
    return run_id


async def _some(client: httpx.AsyncClient, path: str, number: int) -> list[Message]:
    """The first events of a feed; then the connection is dropped."""
    got: list[Message] = []
    async with client.stream("GET", path) as answer:
        async for one in messages(answer):
            got.append(one)
            if len(got) == number:
                break
    return got


async def _rest(client: httpx.AsyncClient, path: str, last: str | None) -> list[Message]:
    headers = {} if last is None else {"Last-Event-ID": last}
    async with client.stream("GET", path, headers=headers) as answer:
        return [one async for one in messages(answer)]


def _counted(counted: list[int], told: list[Message]) -> list[int]:
    """What counts, when what was taken back is left out."""
    for one in told:
        if one.name == "rewind":
            del counted[one.data["to_index"] :]
        elif not one.name:
            assert (one.id or "").partition(".")[0] == str(len(counted))
            counted.append(one.data)
    return counted


def test_a_dropped_reader_goes_on_where_it_was(folder: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            path = f"/runs/{await _start(client, 'count', 20)}/streams/default"
            first = await _some(client, path, 7)
            (folder / "go").touch()
            rest = await _rest(client, path, first[-1].id)
        assert [one.data for one in first + rest[:-1]] == list(range(20))
        assert rest[-1].name == "end"

    with serving(folder) as server:
        asyncio.run(main(server))


def test_a_reader_goes_on_when_the_serving_process_was_killed(folder: Path) -> None:
    """Its worker made the step, so what the dead attempt wrote is taken back, and told."""

    async def before(server: Server) -> tuple[str, list[Message]]:
        async with server.client() as client:
            path = f"/runs/{await _start(client, 'count', 20)}/streams/default"
            got = await _some(client, path, 7)
        return path, got

    async def after(server: Server, path: str, last: str | None) -> list[Message]:
        async with server.client() as client:
            return await _rest(client, path, last)

    with serving(folder) as server:
        path, seen = asyncio.run(before(server))
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    (folder / "go").touch()
    with serving(folder) as server:
        rest = asyncio.run(after(server, path, seen[-1].id))
    assert _counted([one.data for one in seen], rest) == list(range(20))
    assert rest[-1].name == "end"


def test_a_reader_hears_of_the_death_of_the_writer(folder: Path) -> None:
    """The writer is another process than the one that serves the reader, who stays connected."""

    async def main(server: Server) -> list[Message]:
        counted: list[Message] = []
        with ExitStack() as workers:
            first = workers.enter_context(working(folder))
            async with server.client() as client:
                path = f"/runs/{await _start(client, 'count', 20)}/streams/default"
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
    assert _counted([], told) == list(range(20))
    assert told[-1].name == "end"


def test_a_stopping_server_sends_readers_away_and_finishes_requests(folder: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id = await _start(client, "count", 20)
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
            path = f"/runs/{await _start(client, 'count', 50)}/streams/default"
            (folder / "go").touch()
            readers = [_rest(client, path, None) for _ in range(40)]
            for told in await asyncio.gather(*readers):
                assert [one.data for one in told[:-1]] == list(range(50))

    with serving(folder) as server:
        asyncio.run(main(server))


def test_a_server_without_workflows_looks_and_acts(folder: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "outlast", "start", "served.py:count", "3"],
        cwd=folder, capture_output=True, text=True, check=True, timeout=LIMIT,
    )  # fmt: skip
    run_id = process.stdout.strip()

    async def main(server: Server) -> None:
        async with server.client() as client:
            assert (await client.get(f"/runs/{run_id}")).json()["status"] == "pending"
            assert (await client.post(f"/runs/{run_id}/cancel")).json()["done"] is True

    with serving(folder, "--no-worker") as server:
        asyncio.run(main(server))
