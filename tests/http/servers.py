"""Real servers and workers, in processes of their own."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.http.reading import Message, messages
from tests.programs import Program, Start

LIMIT = 30
"""Seconds; no test comes near it."""


class Server:
    """`outlast serve` in a folder, and a client of it."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        port_options = ["--port", str(port), *options]
        self.process = Program(
            Start(("-m", "outlast", "serve", "served.py", *port_options), folder),
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    @property
    def port(self) -> int:
        """Where it listens."""
        return httpx.URL(self.url).port or 0

    def client(self) -> httpx.AsyncClient:
        """A client of the API."""
        return httpx.AsyncClient(base_url=self.url, timeout=LIMIT)

    def end(self, number: signal.Signals) -> int:
        """Send it a signal, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT)


@contextmanager
def serving(folder: Path, *options: str, port: int = 0) -> Iterator[Server]:
    """A server for a while."""
    server = Server(folder, *options, port=port)
    with server.process:
        yield server


def working(folder: Path) -> Program:
    """A worker beside the server for a while."""
    start = Start(("-m", "outlast", "worker", "served.py"), folder)
    return Program(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def start_run(client: httpx.AsyncClient, workflow: str, *args: object) -> str:
    """The id of a run that has just been started."""
    answer = await client.post("/runs", json={"workflow": workflow, "args": args})
    run_id: str = answer.raise_for_status().json()["id"]
    return run_id


async def read_some(client: httpx.AsyncClient, path: str, number: int) -> list[Message]:
    """The first events of a feed; then the connection is dropped."""
    got: list[Message] = []
    async with client.stream("GET", path) as answer:
        async for one in messages(answer):
            got.append(one)
            if len(got) == number:
                break
    return got


async def read_after(client: httpx.AsyncClient, path: str, last: str | None) -> list[Message]:
    """All events of a feed that come after one."""
    headers = {} if last is None else {"Last-Event-ID": last}
    async with client.stream("GET", path, headers=headers) as answer:
        return [one async for one in messages(answer)]


def what_counts(counted: list[Any], told: list[Message]) -> list[Any]:
    """What counts, when what was taken back is left out."""
    for one in told:
        if one.name == "rewind":
            del counted[one.data["to_index"] :]
        elif not one.name:
            assert (one.id or "").partition(".")[0] == str(len(counted))
            counted.append(one.data)
    return counted
