"""What a server says, and how it stops."""

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from outlast import App, start
from outlast.http import Access, HttpApp, Role, asgi
from outlast.http.access_log import hide_tokens
from outlast.http.serving import Server, address_of, listen
from tests.http import flows
from tests.http.conftest import Site

OnSite = Callable[..., None]
WEBHOOK = "/.well-known/workflow/v1/webhook/"
BEARER = "-".join(["bearer"] * 4)


@asynccontextmanager
async def served(
    access: Access | None = None,
) -> AsyncGenerator[tuple[HttpApp, Server, httpx.AsyncClient, "asyncio.Task[None]"]]:
    """A server in this process, and a client of it."""
    async with App("memory://") as app, asyncio.timeout(20):
        http = asgi(app, access=access)
        with listen("127.0.0.1", 0) as listening:
            server = Server(http, grace=5)
            serving = asyncio.create_task(server.serve([listening]))
            async with httpx.AsyncClient(base_url=address_of(listening) + http.base) as client:
                yield http, server, client, serving
            server.stop()
            await serving


def test_requests_in_flight_finish_and_no_others_are_taken() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_request: Request) -> Role:
        begun.set()
        await go_on.wait()
        return Role.READ

    async def main() -> None:
        async with served(slowly) as (_, server, client, serving):
            answering = asyncio.create_task(client.get("/runs"))
            await begun.wait()
            server.stop()
            while not await _refused(client.base_url):
                await asyncio.sleep(0)
            assert not serving.done()
            go_on.set()
            assert (await answering).status_code == 200
            await serving

    asyncio.run(main())


async def _refused(url: httpx.URL) -> bool:
    """Whether nobody listens there any more."""
    try:
        _, writer = await asyncio.open_connection(url.host, url.port)
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was just about to be taken
        return False
    writer.close()
    return False


def test_no_part_of_an_answer_waits_for_an_acknowledgement() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_readers_are_told_to_come_back() -> None:
    async def main() -> None:
        async with served() as (_, server, client, serving):
            async with client.stream("GET", "/feed") as answer:
                server.stop()
                told = "\n".join([line async for line in answer.aiter_lines()])
            assert told.rstrip().endswith(": the server stops, come back\nretry: 500")
            await serving

    asyncio.run(main())


def test_a_part_of_bytes_is_not_taken_for_the_whole() -> None:
    async def main() -> None:
        async with served() as (_, server, client, serving):
            run = await start(flows.nap())
            path = f"/runs/{run.id}/streams/default?format=bytes"
            async with client.stream("GET", path) as answer:
                server.stop()
                with pytest.raises(httpx.RemoteProtocolError):
                    await answer.aread()
            await serving

    asyncio.run(main())


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_pages_of_other_sites_cannot_read_answers(on_site: OnSite, method: str) -> None:
    async def scenario(site: Site) -> None:
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        async with site.client(headers=asked) as client:
            for path in ("/runs", "/feed?limit=0", "/openapi.json"):
                answer = await client.request(method, path)
                assert not [one for one in answer.headers if one.startswith("access-control-")]
                assert method == "GET" or answer.status_code == 405

    on_site(scenario)


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ('%s - "%s %s HTTP/%s" %d', ("127.0.0.1:5", "POST", f"{WEBHOOK}s3cret?a=1", "1.1", 202)),
        (f'"POST {WEBHOOK}s3cret HTTP/1.1" 202', ()),
        ('"%(r)s" %(s)s', ({"r": f"POST {WEBHOOK}s3cret HTTP/1.1", "s": "202"},)),
    ],
)
def test_the_logs_of_servers_have_no_tokens(
    message: str,
    arguments: tuple[object, ...],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide_tokens()
    hide_tokens()
    said: list[str] = []
    kept = logging.Handler()
    monkeypatch.setattr(kept, "emit", lambda record: said.append(record.getMessage()))
    for name in ("uvicorn.access", "hypercorn.access", "gunicorn.access"):
        log = logging.getLogger(name)
        # Its own handlers: a server that was started in this process keeps its log to itself.
        monkeypatch.setattr(log, "handlers", [kept])
        caplog.set_level(logging.INFO, name)
        log.info(message, *arguments)
        log.info("GET %s", "/api/v1/runs")
    assert [one.count("***") for one in said] == [1, 0] * 3
    assert not any("s3cret" in one for one in said)
    assert all("202" in one for one in said[::2])


SITE = f"""
import sys
from outlast import App
from outlast.http import BearerTokens, asgi
import uvicorn
site = asgi(App("memory://"), access=BearerTokens(operate=["{BEARER}"]))
uvicorn.run(site, port=int(sys.argv[1]), log_level="debug")
"""


def test_a_server_of_ones_own_logs_no_tokens(tmp_path: Path) -> None:
    """uvicorn, with its log of requests, as the user runs it."""
    (tmp_path / "site_of_mine.py").write_text(SITE)
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "site_of_mine.py"), str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        asyncio.run(_ask(port))
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=20)
    assert f"POST {WEBHOOK}*** HTTP/1.1" in said
    assert "GET /api/v1/runs" in said
    assert "s3cret" not in said
    assert BEARER not in said


async def _ask(port: int) -> None:
    transport = httpx.AsyncHTTPTransport(retries=8)  # until it listens
    headers = {"Authorization": f"Bearer {BEARER}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, transport=transport
    ) as client:
        assert (await client.get("/api/v1/runs")).status_code == 200
        assert (await client.post(f"{WEBHOOK}s3cret")).status_code == 404
