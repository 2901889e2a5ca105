"""The JSON API: what it answers, and how it refuses."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import httpx
import msgspec
import pytest

from outlast import App, RunCancelledError
from outlast.http import BearerTokens, HttpApp, asgi
from outlast.records import RunInfo
from tests.http import flows
from tests.http.conftest import BASE, Site

OnSite = Callable[..., None]


def test_a_run_is_started_and_looked_at(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            started = await client.post(
                "/runs",
                json={
                    "workflow": "http_twice",
                    "args": [5],
                    "kwargs": {"times": 1},
                    "run_id": "five",
                    "attributes": {"tenant": "acme", "paid": True},
                },
            )
            assert started.status_code == 201
            assert started.headers["location"] == f"{BASE}/runs/five"
            assert await site.app.get_run("five").result() == 10
            shown = (await client.get("/runs/five")).json()
            steps = (await client.get("/runs/five/steps")).json()["steps"]
            events = (await client.get("/runs/five/events")).json()["events"]
            last = (await client.get("/runs/five/events?start=2")).json()["events"]
        assert msgspec.convert(shown, RunInfo) == await site.app.get_run("five").info()
        assert [(one["name"], one["result"]) for one in steps] == [("double", 10)]
        assert [one["kind"] for one in events] == ["run_created", "step_completed", "run_completed"]
        assert last == events[2:]

    on_site(scenario)


def test_any_id_of_a_run_has_an_address(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            body = {"workflow": "http_twice", "args": [5], "run_id": "ünï ☃ 100%"}
            started = await client.post("/runs", json=body)
            again = await client.post(f"/runs/{quote('ünï ☃ 100%')}/rerun", json={"run_id": "☃"})
        told = [unquote(one.headers["location"]) for one in (started, again)]
        assert told == [f"{BASE}/runs/ünï ☃ 100%", f"{BASE}/runs/☃"]

    on_site(scenario)


def test_starting_twice_gives_the_first_run(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        body = {"workflow": "http_nap", "idempotency_key": "order-7"}
        async with site.client() as client:
            answers = [(await client.post("/runs", json=body)).json()["id"] for _ in range(2)]
            listed = (await client.get("/runs")).json()["runs"]
        assert answers[0] == answers[1]
        assert [one["id"] for one in listed] == [answers[0]]

    on_site(scenario)


def test_lists_are_filtered_and_paged(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        for number in range(5):
            await site.app.start(
                flows.nap(), run_id=f"nap-{number}", attributes={"n": number, "t": "1"}
            )
        async with site.client() as client:

            async def ids(query: str) -> list[str]:
                return [one["id"] for one in (await client.get(f"/runs?{query}")).json()["runs"]]

            assert await ids("attribute=n%3D3") == ["nap-3"]
            assert await ids("attribute=n%3D3&attribute=t%3D%221%22") == ["nap-3"]
            assert await ids("workflow=http_twice") == []
            assert await ids("workflow=http_twice&workflow=http_nap&limit=1") == ["nap-4"]
            assert await ids("status=completed&status=failed") == []
            assert await ids("created_to=2020-01-01T00:00:00Z") == []
            first = (await client.get("/runs?limit=3")).json()
            rest = await ids(f"limit=3&cursor={first['cursor']}")
        assert [one["id"] for one in first["runs"]] + rest == [f"nap-{n}" for n in (4, 3, 2, 1, 0)]

    on_site(scenario)


def test_runs_are_cancelled_and_woken(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        woken, cancelled = await site.started("http_nap"), await site.started("http_nap")
        async with site.client() as client:
            answer = await client.post(f"/runs/{cancelled}/cancel", json={"reason": "not needed"})
            assert answer.json()["done"] is True
            async for _ in site.app.get_run(cancelled).follow():
                pass
            again = await client.post(f"/runs/{cancelled}/cancel")
            assert again.json()["done"] is False
            assert again.json()["run"]["status"] == "cancelled"
            await site.signals.wait_for("run_suspended", run_id=woken)
            assert (await client.post(f"/runs/{woken}/wake")).json()["done"] is True
        assert await site.app.get_run(woken).result("5s") == "awake"

    on_site(scenario)


def test_workflows_tell_what_they_take(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            found = (await client.get("/workflows")).json()["workflows"]
            workers = (await client.get("/workers")).json()["workers"]
        entry = next(one for one in found if one["name"] == "http_twice")
        assert entry["doc"] == "Double a number some times."
        assert entry["signature"] == "(number: int, *, times: int = 2) -> int"
        assert entry["input"]["properties"]["times"]["default"] == 2
        assert entry["input"]["required"] == ["number"]
        assert [one["queues"] for one in workers] == [["default"]]

    on_site(scenario)


def test_what_has_not_changed_is_not_sent_again(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run_id = await site.started("http_nap")
        async with site.client() as client:
            await site.signals.wait_for("run_suspended", run_id=run_id)
            first = await client.get(f"/runs/{run_id}")
            tag = {"If-None-Match": f'W/"other", {first.headers["etag"]}'}
            same = await client.get(f"/runs/{run_id}", headers=tag)
            assert (same.status_code, same.content) == (304, b"")
            await client.post(f"/runs/{run_id}/cancel")
            with pytest.raises(RunCancelledError):
                await site.app.get_run(run_id).result("5s")
            changed = await client.get(f"/runs/{run_id}", headers=tag)
            assert changed.status_code == 200
            assert changed.headers["etag"] != first.headers["etag"]

    on_site(scenario)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "slug"),
    [
        ("GET", "/runs/nobody", {}, 404, "run-not-found"),
        ("GET", "/runs/nobody/events", {}, 404, "run-not-found"),
        ("GET", "/runs/nobody/feed", {}, 404, "run-not-found"),
        ("POST", "/runs/nobody/wake", {}, 404, "run-not-found"),
        ("GET", "/runs/" + 300 * "x", {}, 404, "request"),
        ("GET", "/nothing", {}, 404, "request"),
        ("DELETE", "/runs", {}, 405, "request"),
        ("GET", "/runs?limit=0", {}, 422, "request"),
        ("GET", "/runs?status=tired", {}, 422, "request"),
        ("GET", "/runs?cursor=zzz", {}, 422, "request"),
        ("GET", "/runs?attribute=tenant", {}, 422, "request"),
        ("GET", "/runs?tenant=acme", {}, 422, "request"),
        ("GET", "/runs?created_from=2020-01-01T00:00:00", {}, 422, "request"),
        ("POST", "/runs", {"json": {"workflow": "unheard_of"}}, 404, "workflow-not-found"),
        ("POST", "/runs", {"json": {"workflow": "http_twice"}}, 422, "invalid-arguments"),
        ("POST", "/runs", {"json": {"workflow": "http_nap", "delay": "soon"}}, 422, "invalid-duration"),
        ("POST", "/runs", {"json": {"workflow": "http_nap", "run_id": "a/b"}}, 422, "request"),
        ("POST", "/runs", {"json": {"workflow": "http_nap", "later": 1}}, 422, "request"),
        ("POST", "/runs", {"json": []}, 422, "request"),
        ("POST", "/runs", {"content": "{}"}, 415, "request"),
        ("POST", "/runs", {"content": "{", "headers": {"content-type": "application/json"}}, 400, "request"),
        ("POST", "/runs", {"content": 6 * 2**20 * b" "}, 413, "request"),
    ],
)  # fmt: skip
def test_refusals_are_problem_documents(
    on_site: OnSite, method: str, path: str, sent: dict[str, Any], status: int, slug: str
) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            answer = await client.request(method, path, **sent)
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["slug"]) == (status, status, slug)
        assert problem["detail"]
        assert (await site.app.list_runs()).runs == ()

    on_site(scenario)


def test_what_nobody_foresaw_tells_nothing(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(site: Site) -> None:
        async def broken() -> None:
            raise RuntimeError("the password is secret")

        monkeypatch.setattr(site.app, "workers", broken)
        async with site.client() as client:
            answer = await client.get("/workers")
        assert (answer.status_code, answer.json()["slug"]) == (500, "outlast")
        assert "password" not in answer.text

    on_site(scenario)


async def _status(http: HttpApp) -> int:
    transport = httpx.ASGITransport(http)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(f"{BASE}/runs")).status_code


def test_served_alone_it_opens_its_app() -> None:
    asyncio.run(_served_alone())


async def _served_alone() -> None:
    http = asgi(App("memory://"))
    assert await _status(http) == 503
    async with http.router.lifespan_context(http):
        assert await _status(http) == 200
        async with http.router.lifespan_context(http):
            assert await _status(http) == 200
        assert await _status(http) == 200, "it closes only what it has opened"
    assert await _status(http) == 503


@pytest.mark.parametrize("base", ["api", "/api/", "/", "/{run_id}", "/a?b", "//a", 7])
def test_a_base_is_a_path(base: Any) -> None:
    with pytest.raises(ValueError, match="cannot be the base"):
        asgi(App("memory://"), base=base)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "15"])
def test_silence_has_a_length(seconds: Any) -> None:
    with pytest.raises(ValueError, match="ping_every = "):
        asgi(App("memory://"), ping_every=seconds)


@pytest.mark.parametrize("wrong", ["a token", BearerTokens])
def test_what_gives_access_is_a_function(wrong: Any) -> None:
    with pytest.raises(TypeError, match="takes a function"):
        asgi(App("memory://"), access=wrong)
    with pytest.raises(TypeError, match="takes an App"):
        asgi(wrong)


def test_the_base_tells_where_the_api_describes_itself(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            answer = await client.get("")
            assert answer.status_code == 404
            assert answer.json()["hint"].endswith(f"{BASE}/openapi.json")
            answer = await client.get("/nothing")
            assert answer.json()["hint"].endswith(BASE)

    on_site(scenario)


def test_an_api_without_a_base_is_at_the_root() -> None:
    async def main() -> None:
        async with App("memory://") as app:
            transport = httpx.ASGITransport(asgi(app, base=""))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                answer = await http.get("/nothing")
                assert answer.json()["hint"] == "The API is at /"

    asyncio.run(main())
