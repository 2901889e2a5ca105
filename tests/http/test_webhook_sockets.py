"""Webhooks of real servers, of which others have the runs: answered from afar, flooded, and killed."""

import asyncio
import hashlib
import hmac
import json
import random
import shutil
import signal
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from outlast import App, Run, RunStatus
from tests.http.servers import LIMIT, Server, serving, start_run, working
from tests.programs import Program, Start, run_program

SECRET = "a secret of the flood"  # noqa: S105 - of this test


@pytest.fixture
def hooked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with workflows that wait for webhooks."""
    monkeypatch.setenv("OUTLAST_LEASE", "1s")
    monkeypatch.setenv("FLOOD_SECRET", SECRET)
    shutil.copyfile(Path(__file__).with_name("hooked.py"), folder / "served.py")
    return folder


async def started(client: httpx.AsyncClient, workflow: str, *args: object) -> tuple[str, str]:
    """A run, and the URL of its webhook on the server that is asked."""
    run_id = await start_run(client, workflow, *args)
    async with asyncio.timeout(LIMIT):
        while not (hooks := (await client.get(f"/hooks?run={run_id}")).json()["hooks"]):
            await asyncio.sleep(0.01)
    base = str(client.base_url).removesuffix("/api/v1/")
    return run_id, f"{base}/.well-known/workflow/v1/webhook/{hooks[0]['token']}"


async def ended(client: httpx.AsyncClient, run_id: str) -> object:
    """The result of a run."""
    async with asyncio.timeout(LIMIT):
        while (await client.get(f"/runs/{run_id}")).json()["status"] != "completed":
            await asyncio.sleep(0.02)
    events = (await client.get(f"/runs/{run_id}/events")).json()["events"]
    return events[-1]["data"]["result"]


async def recorded(client: httpx.AsyncClient, run_id: str) -> Counter[int]:
    """The payloads in the log."""
    events = (await client.get(f"/runs/{run_id}/events")).json()["events"]
    return Counter(one["data"]["payload"] for one in events if one["kind"] == "hook_received")


async def send(client: httpx.AsyncClient, url: str, number: int, *, secret: str = SECRET) -> int:
    body = json.dumps(number).encode()
    proof = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={proof}"}
    return (await client.post(url, content=body, headers=headers)).status_code


def test_a_server_tries_runs_that_want_its_address_when_it_knows_it(hooked: Path) -> None:
    """Before anybody has sent a request, from which it could be learnt."""

    async def main(base: str) -> None:
        async with App(worker=False) as app:
            run: Run[str] = app.get_run("link")
            async with asyncio.timeout(LIMIT):
                while await run.status() is not RunStatus.COMPLETED:
                    await asyncio.sleep(0.02)
            assert (await run.result()).startswith(f"{base}/.well-known/")

    tried = run_program(Start(("-m", "outlast", "run", "served.py:link", "--id", "link"), hooked))
    assert "OUTLAST_PUBLIC_URL" in tried.stderr
    with serving(hooked) as server:
        asyncio.run(main(server.url.removesuffix("/api/v1")))


def test_a_run_in_another_process_answers(hooked: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id, url = await started(client, "answer", 20)
            answers = [(await client.post(url, json=number)).json() for number in range(20)]
            assert answers == [2 * number for number in range(20)]
            assert await ended(client, run_id) == 20

    with serving(hooked, "--no-worker") as server, working(hooked):
        asyncio.run(main(server))


@pytest.mark.parametrize("numbers", [50, pytest.param(150, marks=pytest.mark.slow)])
def test_of_a_flood_each_accepted_request_is_recorded_once_and_no_other(
    hooked: Path, numbers: int
) -> None:
    chance = random.Random(7)
    sends = [(number, SECRET) for number in range(numbers) for _ in range(chance.randint(1, 3))]
    sends += [(number, "wrong") for number in range(numbers, 2 * numbers)]
    chance.shuffle(sends)

    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id, url = await started(client, "collect")
            posts = [send(client, url, number, secret=secret) for number, secret in sends]
            answers = Counter(await asyncio.gather(*posts))
            good = sum(secret == SECRET for _, secret in sends)
            assert answers == {202: good, 401: numbers}
            assert await recorded(client, run_id) == Counter(range(numbers))
            assert await send(client, url, -1) == 202
            assert await ended(client, run_id) == list(range(numbers))
            assert await send(client, url, 1) == 410

    with serving(hooked, "--no-worker") as server, working(hooked):
        asyncio.run(main(server))


def test_what_was_acknowledged_is_delivered_where_the_worker_dies(hooked: Path) -> None:
    async def before(server: Server) -> tuple[str, str]:
        async with server.client() as client:
            return await started(client, "collect")

    async def after(server: Server, run_id: str, url: str) -> None:
        async with server.client() as client:
            for number in (1, 2, 3, -1):  # nobody is there to take them
                assert await send(client, url, number) == 202
            assert (await client.get(f"/runs/{run_id}")).json()["status"] == "running"
            with working(hooked):
                assert await ended(client, run_id) == [1, 2, 3]

    with serving(hooked, "--no-worker") as server:
        with working(hooked) as worker:
            run_id, url = asyncio.run(before(server))
            worker.send_signal(signal.SIGKILL)
            worker.wait(LIMIT)
        asyncio.run(after(server, run_id, url))


def test_a_caller_comes_back_when_the_server_was_killed(hooked: Path) -> None:
    """Its request is recorded, and its answer is kept for the key that it sends again."""
    key = {"Idempotency-Key": "once"}

    async def before(server: Server, worker: Program) -> tuple[str, str]:
        async with server.client() as client:
            run_id, url = await started(client, "answer", 2)
            worker.kill()  # so that nobody answers for now
            worker.wait(LIMIT)
            asked = asyncio.ensure_future(client.post(url, json=21, headers=key))
            async with asyncio.timeout(LIMIT):
                while not await received(client, run_id):
                    await asyncio.sleep(0.01)
            server.end(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                await asked
        return run_id, urlsplit(url).path

    async def received(client: httpx.AsyncClient, run_id: str) -> bool:
        events = (await client.get(f"/runs/{run_id}/events")).json()["events"]
        return any(one["kind"] == "hook_received" for one in events)

    async def after(server: Server, run_id: str, path: str) -> None:
        async with server.client() as client:
            url = str(client.base_url).removesuffix("/api/v1/") + path
            assert (await client.post(url, json=21, headers=key)).json() == 42
            assert (await client.post(url, json=2)).json() == 4
            assert await ended(client, run_id) == 2

    with serving(hooked, "--no-worker") as server, working(hooked) as worker:
        run_id, path = asyncio.run(before(server, worker))
    with serving(hooked, "--no-worker") as server, working(hooked):
        asyncio.run(after(server, run_id, path))


def test_the_server_stops_reading_what_is_too_long(hooked: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            _, url = await started(client, "short")
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        for _ in range(5):
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        async with asyncio.timeout(LIMIT):  # the body is not at its end, and never will be
            assert b" 413 " in await reader.readline()
            assert b"the body has more than 65,536 bytes" in await reader.read()
        writer.close()

    with serving(hooked) as server:
        asyncio.run(main(server))


def test_a_server_knows_where_it_is(hooked: Path) -> None:
    async def main(server: Server) -> None:
        async with server.client() as client:
            run_id, url = await started(client, "short")
            [hook] = (await client.get(f"/hooks?run={run_id}")).json()["hooks"]
            assert hook["url"] == url
            assert (await client.post(url, content=b"here")).status_code == 202
            assert await ended(client, run_id) == "here"

    with serving(hooked) as server:
        asyncio.run(main(server))
