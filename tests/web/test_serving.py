"""The pages as they are served: mounted or not, for those who may operate, those who may look, and nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from outlast import App, workflow
from outlast.http import BearerTokens, Role
from outlast.http import asgi as api
from outlast.web import OwnMachine, RemoteApi, WebApp, asgi

TOKEN = "operate-" + "0123456789abcdef"


@workflow(name="web.served")
async def served() -> str:
    """Ends at once."""
    return "<script>alert(1)</script>"


def client_of(site: ASGIApp, host: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client on this machine, unless it says otherwise."""
    transport = httpx.ASGITransport(site, client=(host, 5000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def on_app(scenario: Callable[[App], Awaitable[None]]) -> None:
    """With an open app in memory."""

    async def main() -> None:
        async with App("memory://") as app, asyncio.timeout(30):
            await scenario(app)

    asyncio.run(main())


def test_all_paths_show_the_page() -> None:
    async def scenario(app: App) -> None:
        async with client_of(asgi(app, access=OwnMachine(Role.READ))) as client:
            for path in ("/", "/runs", "/runs/run_1", "/hooks?x=1"):
                answer = await client.get(path)
                assert answer.status_code == 200
                assert answer.headers["content-type"] == "text/html; charset=utf-8"
                assert '<base href="/">' in answer.text
            script = await client.get("/app.js")
            assert script.headers["content-type"].startswith("text/javascript")
            again = await client.get("/app.js", headers={"If-None-Match": script.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert (await client.post("/runs")).status_code == 405

    on_app(scenario)


def test_the_policy_allows_nothing_inline() -> None:
    async def scenario(app: App) -> None:
        async with client_of(asgi(app)) as client:
            policy = (await client.get("/")).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy

    on_app(scenario)


def test_it_mounts_under_a_path() -> None:
    async def scenario(app: App) -> None:
        pages = asgi(app)
        site = Starlette(routes=[Mount("/ops/outlast", pages), Mount("/50% ü (#1)", pages)])
        await (await app.start(served())).result("20s")
        async with client_of(site) as client:
            assert '<base href="/ops/outlast/">' in (await client.get("/ops/outlast/runs")).text
            odd = '<base href="/50%25%20%C3%BC%20(%231)/">'
            assert odd in (await client.get(f"{quote('/50% ü (#1)')}/runs")).text
            assert (await client.get("/ops/outlast/app.css")).status_code == 200
            runs = (await client.get("/ops/outlast/api/v1/runs")).json()["runs"]
        assert [run["workflow"] for run in runs] == ["web.served"]

    on_app(scenario)


def test_who_may_look_may_not_act() -> None:
    async def scenario(app: App) -> None:
        async with client_of(asgi(app, access=OwnMachine(Role.READ))) as client:
            assert (await client.get("/api/v1/runs")).status_code == 200
            assert (await client.get("/api/v1/hooks")).status_code == 403
            started = await client.post("/api/v1/runs", json={"workflow": "web.served"})
            assert started.status_code == 403

    on_app(scenario)


def test_others_are_refused() -> None:
    async def scenario(app: App) -> None:
        async with client_of(asgi(app, access=OwnMachine(Role.OPERATE)), "10.0.0.8") as client:
            answer = await client.get("/api/v1/runs")
        assert answer.status_code == 403
        assert answer.json()["slug"] == "access-denied"

    on_app(scenario)


def test_a_remote_api_is_passed_on_with_its_token() -> None:
    async def scenario(app: App) -> None:
        there = api(app, access=BearerTokens(operate=[TOKEN]))
        transport = httpx.ASGITransport(there, client=("10.0.0.1", 1))
        remote = RemoteApi("https://there.example/api/v1", TOKEN, transport=transport)
        async with client_of(WebApp(remote)) as client:
            started = await client.post("/api/v1/runs", json={"workflow": "web.served"})
            assert started.status_code == 201
            assert (await client.get("/api/v1/hooks")).status_code == 200
            missing = await client.get("/api/v1/runs/run_nothing")
            assert (missing.status_code, missing.json()["slug"]) == (404, "run-not-found")
            other = await client.post(
                "/api/v1/runs",
                json={"workflow": "web.served"},
                headers={"Origin": "http://evil.example"},
            )
            assert other.status_code == 403
        await remote.close()

    on_app(scenario)


@pytest.mark.parametrize("token", [None, "another-" + "0123456789abcdef"])
def test_a_remote_api_that_does_not_take_the_token_is_told(token: str | None) -> None:
    async def scenario(app: App) -> None:
        there = api(app, access=BearerTokens(operate=[TOKEN]))
        transport = httpx.ASGITransport(there, client=("10.0.0.1", 1))
        remote = RemoteApi("https://there.example/api/v1", token, transport=transport)
        async with client_of(WebApp(remote)) as client:
            answer = await client.get("/api/v1/runs")
        assert answer.status_code == 403, (
            "the pages must not ask for a token: it would not be sent on"
        )
        assert "OUTLAST_TOKEN" in answer.json()["hint"]
        await remote.close()

    on_app(scenario)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/hooks?limit=1", 403),
        ("/api/v1/%68ooks", 403),
        ("/api/v1/%2568ooks", 404),
        ("/api/v1/runs/%2e%2e/hooks", 404),
    ],
)
def test_a_remote_api_that_is_read_only_is_so_whatever_the_token_may_do(
    path: str, status: int
) -> None:
    async def scenario(app: App) -> None:
        there = api(app, access=BearerTokens(operate=[TOKEN]))
        transport = httpx.ASGITransport(there, client=("10.0.0.1", 1))
        remote = RemoteApi(
            "https://there.example/api/v1", TOKEN, read_only=True, transport=transport
        )
        async with client_of(WebApp(remote)) as client:
            assert (await client.get("/api/v1/runs")).status_code == 200
            assert (await client.get(path)).status_code == status
            assert (await client.get("/api/v1/me")).json()["role"] == "read"
            assert (await client.post("/api/v1/runs", json={})).status_code == 403
        await remote.close()

    on_app(scenario)


def test_the_time_of_a_remote_api_is_told_beside_our_own() -> None:
    their_time = "Mon, 01 Mar 2027 09:00:00 GMT"

    async def main() -> None:
        there = httpx.MockTransport(lambda _: httpx.Response(200, headers={"date": their_time}))
        remote = RemoteApi("https://there.example/api/v1", None, transport=there)
        async with client_of(WebApp(remote)) as client:
            answer = await client.get("/api/v1/runs")
        assert answer.headers["outlast-date"] == their_time
        await remote.close()

    asyncio.run(main())


def test_a_remote_api_that_does_not_answer_is_told() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def main() -> None:
        remote = RemoteApi(
            "https://there.example/api/v1", None, transport=httpx.MockTransport(refuse)
        )
        async with client_of(WebApp(remote)) as client:
            answer = await client.get("/api/v1/runs")
        assert (answer.status_code, answer.json()["slug"]) == (503, "world-unavailable")
        await remote.close()

    asyncio.run(main())
