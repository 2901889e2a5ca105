"""Webhooks over HTTP: what senders are told who are refused, or who cannot be served for now."""

import asyncio
import logging

import pytest

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
