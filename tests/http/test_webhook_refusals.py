"""Webhooks over HTTP: what senders are told who are refused, or who cannot be served for now."""

import asyncio
import logging
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from outlast import App
from outlast._runtime.system import SystemClock
from outlast.http import asgi
from outlast.testing import FaultyWorld, Signals, Unavailable
from outlast.worlds.sqlite import SqliteWorld
from tests.http import webhook_flows as flows
from tests.http.conftest import Site
from tests.http.test_webhooks import BASE, OnSite, outside, received, started


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    flows.urls = asyncio.Queue()
    flows.said.clear()
    monkeypatch.setenv("OUTLAST_PUBLIC_URL", BASE)


def test_only_true_or_a_text_takes_a_request(
    on_site: OnSite, caplog: pytest.LogCaptureFixture
) -> None:
    meant = [True, "a name"]
    not_meant = [None, 0, 1, "", [], ["secret"], b"secret", {"ok": True}, 0.5]

    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.saying(len(meant)))
        flows.said.extend([False, *not_meant, *meant])
        async with outside(site) as client:
            statuses = [(await client.post(url, content=b"x")).status_code for _ in flows.said[:]]
        assert statuses == [401] * (1 + len(not_meant)) + [202] * len(meant)
        assert await run.result("5s") == ["x"] * len(meant)
        assert await received(run) == len(meant)

    with caplog.at_level(logging.ERROR, "outlast"):
        on_site(scenario)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(not_meant), "`False` is what a function says that refuses"
    assert "tests.http.webhook_flows:says returned NoneType" in told[0]
    assert "returned an empty str" in told[3]
    assert "secret" not in "".join(told)


def test_a_body_that_is_neither_json_nor_a_form_is_told_so(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.page())
        async with outside(site) as client:
            parts = await client.post(url, data={"approved": "on"}, files={"file": b"x"})
            assert (parts.status_code, "x-www-form-urlencoded" in parts.text) == (415, True)
            packed = await client.post(url, content=b"x", headers={"Content-Encoding": "gzip"})
            assert (packed.status_code, "gzip" in packed.text) == (415, True)
            assert (await client.post(url, json={"approved": True})).status_code == 202
        await run.result("5s")

    on_site(scenario)


def test_a_sender_that_goes_in_the_middle_is_no_fault(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.plain())
        path = url.removeprefix(BASE)
        for target, host in ((path, "203.0.113.9"), ("/api/v1/runs", "127.0.0.1")):
            json = {"Content-Type": "application/json"}
            begun = httpx.Request("POST", f"http://localhost{target}", content=b"x", headers=json)
            told = await abandoned(site, begun, host)
            assert told[0]["status"] == 400
        assert await received(run) == 0

    on_site(scenario)


async def abandoned(
    site: Site, request: httpx.Request, host: str
) -> list[MutableMapping[str, Any]]:
    """What is answered to a request whose sender goes in the middle of the body."""
    parts = iter(
        ({"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"})
    )
    told: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http", "method": request.method, "scheme": "http", "path": request.url.path, "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.headers.raw], "client": (host, 5000), "server": ("localhost", 80),
    }  # fmt: skip
    await site.http(scope, receive, send)
    return told


def test_a_function_may_give_something_to_await(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.later())
        async with outside(site) as client:
            assert (await client.post(url)).status_code == 401
            headers = {"Authorization": "secret"}
            answer = await client.post(url, content=b"x", headers=headers)
            assert answer.status_code == 202
        assert await run.result("5s") == "x"

    on_site(scenario)


def is_neutral(answer: httpx.Response) -> bool:
    """Whether a stranger is told to come back, and nothing of where the runs are."""
    told = (answer.status_code, answer.headers["Retry-After"])
    return told == (503, "1") and "sqlite" not in answer.text and "OUTLAST" not in answer.text


def test_strangers_do_not_learn_where_the_database_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        world = FaultyWorld(SqliteWorld(str(tmp_path / "runs.db"), SystemClock()))
        app = App(world=world)
        http = asgi(app)
        async with app, asyncio.timeout(30):
            site = Site(app, http, Signals())
            run, url = await started(site, flows.page())
            async with outside(site) as client:
                world.inject(Unavailable(call=1, times=3, of="hook"))
                program = await client.post(url, json={"approved": True})
                assert is_neutral(program)
                assert program.headers["content-type"] == "application/problem+json"
                for method in ("GET", "POST"):
                    person = await client.request(method, url, headers={"Accept": "text/html"})
                    assert is_neutral(person)
                    assert "<h1>This does not work right now</h1>" in person.text
                answer = await client.post(url, json={"approved": True})
                assert answer.status_code == 202
            await run.result("5s")
        async with outside(site) as client:
            assert is_neutral(await client.post(url)), "the app is not open"

    with caplog.at_level(logging.ERROR, "outlast"):
        asyncio.run(main())
    assert "runs.db" in caplog.text, "whoever runs it is told"


def test_an_answer_is_waited_for_through_an_outage(tmp_path: Path) -> None:
    async def main() -> None:
        world = FaultyWorld(SqliteWorld(str(tmp_path / "runs.db"), SystemClock()))
        app = App(world=world)
        http = asgi(app)
        async with app, asyncio.timeout(30):
            site = Site(app, http, Signals())
            run, url = await started(site, flows.manual(1))
            async with outside(site) as client:
                world.inject(Unavailable(call=1, times=2, of="read_stream"))
                answer = await client.post(url, json=2)
                assert (answer.status_code, answer.json()) == (200, 4)
            assert await run.result("5s") == [2]

    asyncio.run(main())


def test_who_guesses_is_told_nothing_of_the_api(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with outside(site) as client:
            for token in ("", "x", "A" * 24 + ".run"):
                answer = await client.post(f"{BASE}/.well-known/workflow/v1/webhook/{token}")
                told = answer.json()
                assert (answer.status_code, told["detail"]) == (404, "there is nothing here")
                assert "hint" not in told

    on_site(scenario)
