"""The examples of each framework, served by real servers: mounted, followed, stopped."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from outlast import App
from tests.docs.programs import environment
from tests.house.checkout import ROOT
from tests.http.reading import read

EXAMPLES = sorted((ROOT / "examples" / "web").glob("with_*.py"))
LIMIT = 30
"""Seconds; no test comes near it."""


@contextmanager
def served(example: Path, folder: Path, port: int) -> Iterator[None]:
    """The example's server for a while; Ctrl-C stops it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error::RuntimeWarning", str(example), str(port)],
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=LIMIT)
        assert "never awaited" not in told
    finally:
        process.kill()
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_framework_mounts_it(example: Path, tmp_path: Path) -> None:
    port = _free_port()

    async def ask() -> None:
        transport = httpx.AsyncHTTPTransport(retries=8)  # until it listens
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=LIMIT
        ) as client:
            placed = await client.post("/orders/7")
            assert placed.json() == {"run": "order-7"}, placed.text
            api = "/outlast/api/v1"
            told = await read(client, f"{api}/runs/order-7/streams/default")
            assert [one.data for one in told] == ["packing 7", {"tail": 0}]
            followed = await read(client, f"{api}/runs/order-7/feed")
            assert followed[-1].data["status"] == "completed"
            listed = await client.get(f"{api}/runs?status=completed")
            assert [one["id"] for one in listed.json()["runs"]] == ["order-7"]
            described = (await client.get(f"{api}/openapi.json")).json()
            assert described["servers"] == [{"url": api}]
            elsewhere = await client.get(f"{api}/runs", headers={"Host": "evil.example"})
            assert elsewhere.status_code == 403
            assert (await client.get("/outlast/nothing")).status_code == 404

    with served(example, tmp_path, port):
        asyncio.run(ask())
    assert asyncio.run(_workers(tmp_path)) == (), "the worker has left in an orderly way"


async def _workers(folder: Path) -> tuple[object, ...]:
    async with App(f"sqlite:///{folder}/.outlast/outlast.db", worker=False) as app:
        return await app.workers()
