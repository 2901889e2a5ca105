"""Webhooks over HTTP: what is taken, what it is answered, and what is refused."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from outlast import Run, RunStatus
from outlast.errors import RunBlockedError, RunFailedError
from outlast.http import BearerTokens
from tests.http import webhook_flows as flows
from tests.http.conftest import Site

OnSite = Callable[..., None]
BASE = "https://shop.example"
SECRET = "it is a secret"  # noqa: S105 - of this test
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    flows.urls = asyncio.Queue()
    flows.attempts.clear()
    monkeypatch.setenv("OUTLAST_PUBLIC_URL", BASE)
    monkeypatch.setenv("WEBHOOK_TEST_SECRET", SECRET)


def outside(site: Site) -> httpx.AsyncClient:
    """A client from anywhere, who has no token of the API."""
    transport = httpx.ASGITransport(
        site.http, client=("203.0.113.9", 5000), raise_app_exceptions=False
    )
    return httpx.AsyncClient(transport=transport)


async def started(site: Site, call: Any) -> tuple[Run[Any], str]:
    run: Run[Any] = await site.app.start(call)
    return run, await flows.urls.get()


async def received(run: Run[Any]) -> int:
    return sum(event.kind == "hook_received" for event in await run.events())


def test_a_request_is_recorded_and_answered_with_202(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.plain(2))
        async with outside(site) as client:
            answer = await client.post(url, content=b"one")
            assert (answer.status_code, answer.content) == (202, b"")
            assert answer.headers["Cache-Control"] == "no-store"
            assert (await client.put(url + "/?a=b", content=b"two")).status_code == 202
        assert await run.result("5s") == [("POST", "one"), ("PUT", "two")]

    on_site(scenario, access=BearerTokens(operate=["a-token-that-nobody-sends"]))


def test_a_request_keeps_what_it_said_but_for_its_senders_secrets(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.headers())
        async with outside(site) as client:
            headers = [("X-One", "a"), ("X-One", "b"), ("Cookie", "c"), ("Authorization", "d")]
            await client.post(f"{url}?q=1&q=2&r=", headers=headers, content=b"\x00\xff")
        request = await run.result("5s")
        assert (request.body, request.query) == (b"\x00\xff", {"q": ["1", "2"], "r": [""]})
        assert request.headers["x-one"] == "a, b"
        assert not request.headers.keys() & {"cookie", "authorization"}

    on_site(scenario)


def test_a_webhook_has_the_answer_that_was_fixed(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.fixed())
        async with outside(site) as client:
            answer = await client.post(url, content=b"x")
        assert (answer.status_code, answer.json()) == (201, {"thanks": True})
        assert answer.headers["content-type"] == "application/json"
        assert await run.result("5s") == "x"

    on_site(scenario)


def test_the_run_answers_from_the_workflow_and_from_steps(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.manual(6))
        async with outside(site) as client:
            answers = [(await client.post(url, json=number)).json() for number in range(6)]
        assert answers == [0, 2, 4, 6, 8, 10]
        assert await run.result("5s") == [0, 1, 2, 3, 4, 5]

    on_site(scenario)


def test_who_sends_again_with_the_same_key_gets_the_same_answer(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.manual(2))
        async with outside(site) as client:
            key = {"Idempotency-Key": "4711"}
            posts = [client.post(url, json=21, headers=key) for _ in range(5)]
            answers = [answer.json() for answer in await asyncio.gather(*posts)]
            assert answers == [42] * 5
            assert (await client.post(url, json=1, headers={"webhook-id": "m1"})).json() == 2
            assert await run.result("5s") == [21, 1]
            assert (await client.post(url, json=21, headers=key)).json() == 42

    on_site(scenario)


def test_a_second_answer_is_refused(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.twice())
        async with outside(site) as client:
            assert (await client.post(url)).text == "first"
        assert "has an answer" in await run.result("5s")

    on_site(scenario)


def test_an_attempt_that_failed_does_not_keep_the_next_one_from_answering(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.retried())
        async with outside(site) as client:
            assert (await client.post(url)).text in ("attempt 1", "attempt 2")
        assert await run.result("5s") == 2

    on_site(scenario)


def test_a_caller_does_not_wait_for_ever(on_site: OnSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_RESPOND_WITHIN", "50ms")

    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.silent())
        async with outside(site) as client:
            answer = await client.post(url)
            assert answer.status_code == 504
            assert (await client.post(url)).status_code == 200, "the run is as it was"
        assert await run.result("5s") == 2

    on_site(scenario)


def test_a_caller_is_told_when_the_run_ends_without_an_answer(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.mute())
        async with outside(site) as client:
            assert (await client.post(url)).status_code == 502
        assert await run.result("5s") == "said nothing"

    on_site(scenario)


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ({"Idempotency-Key": "k"}, "Send it again with the same Idempotency-Key"),
        ({}, "Do not send it again."),
    ],
)
def test_a_server_that_stops_tells_callers_that_their_request_is_recorded(
    on_site: OnSite, headers: dict[str, str], hint: str
) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.silent())
        async with outside(site) as client:
            asked = asyncio.ensure_future(client.post(url, headers=headers))
            await site.signals.wait_for("committed")
            while not await received(run):
                await asyncio.sleep(0)
            site.http.drain()
            answer = await asked
            assert (answer.status_code, "Retry-After" in answer.headers) == (504, False)
            assert answer.json()["detail"] == "the server stops; the request is recorded"
            assert answer.json()["hint"].startswith(hint)

    on_site(scenario)


def test_what_does_not_fit_is_refused_with_what_is_wrong(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.page())
        async with outside(site) as client:
            answer = await client.post(url, json={"approved": "perhaps"})
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["problems"][0].startswith("approved: ")
            (detail,) = answer.json()["errors"]
            assert (detail["loc"], detail["type"]) == (["approved"], "bool_parsing")
            assert (await client.post(url, content=b"{")).status_code == 400
            assert await received(run) == 0, "the run has not moved"
            assert (await client.post(url, json={"approved": True})).status_code == 202
        assert (await run.result("5s"))[0].approved

    on_site(scenario)


def test_a_form_that_a_program_sends_is_read_as_the_schema_has_it(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.charge())
        async with outside(site) as client:
            answer = await client.post(url, data={"amount": "much"})
            assert (answer.status_code, answer.json()["problems"][0][:7]) == (422, "amount:")
            answer = await client.post(url, data={"amount": "50", "currency": "CHF", "more": "x"})
            assert answer.status_code == 202
        charged = await run.result("5s")
        assert (charged.amount, charged.currency) == (50, "CHF")

    on_site(scenario)


def test_methods_and_sizes_that_a_webhook_does_not_take(on_site: OnSite) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            sent.append(b"x" * 100)
            yield sent[-1]

    sent: list[bytes] = []

    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.plain(1, max_body=1_000))
        async with outside(site) as client:
            for method in ("GET", "HEAD", "PATCH", "OPTIONS", "DELETE"):
                answer = await client.request(method, url)
                assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT"), method
            assert (await client.post(url, content=b"x" * 1_001)).status_code == 413
            assert (await client.post(url, content=chunks())).status_code == 413
            assert await received(run) == 0
            assert (await client.post(url, content=b"x" * 1_000)).status_code == 202

    on_site(scenario)


def test_who_guesses_learns_nothing(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.plain())
        hook = await site.app.start(flows.ask_plainly("order:7"))
        await site.signals.wait_for("run_suspended", run_id=hook.id)
        token = url.rpartition("/")[2]
        proof, _, owner = token.partition(".")
        forged = "A" * 24 if proof != "A" * 24 else "B" * 24
        wrong = [f"{forged}.{owner}", proof, "order:7", "x", f"{proof}.!!", f".{owner}", "é.é"]
        async with outside(site) as client:
            for other in wrong:
                answer = await client.post(f"{url[: -len(token)]}{other}", content=b"x")
                assert answer.status_code == 404, other
                assert answer.json()["detail"] == "there is nothing here"
            page = await client.get(url[: -len(token)] + "a/b", headers={"Accept": "*/*"})
            assert page.json() == answer.json(), "as where there is nothing at all"
        assert await received(run) == 0

    on_site(scenario)


def test_what_is_over_is_gone_for_those_who_had_it(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, disposed = await started(site, flows.disposing())
        live = await flows.urls.get()
        cancelled, cancelled_url = await started(site, flows.plain())
        expired, expired_url = await started(site, flows.expiring())
        async with outside(site) as client:
            assert (await client.post(disposed)).status_code == 410
            key = {"Idempotency-Key": "x"}
            assert (await client.post(live, content=b"x", headers=key)).status_code == 202
            assert await run.result("5s") == "x"
            assert (await client.post(live)).status_code == 410
            assert (await client.post(live, content=b"x", headers=key)).status_code == 202
            other = {"Idempotency-Key": "y"}
            assert (await client.post(live, content=b"x", headers=other)).status_code == 410
            await cancelled.cancel()
            with pytest.raises(Exception, match="cancelled"):
                await cancelled.result("5s")
            assert (await client.post(cancelled_url)).status_code == 410
            with pytest.raises(RunFailedError, match="expired"):
                await expired.result("5s")
            assert (await client.post(expired_url)).status_code == 410
            page = await client.get(live, headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["content-type"]) == (
                410,
                "text/html; charset=utf-8",
            )

    on_site(scenario)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def test_what_is_signed_is_recorded_once(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.github(2))
        async with outside(site) as client:
            for headers in ({}, signed(b"other"), signed(b"one", "another secret")):
                answer = await client.post(url, content=b"one", headers=headers)
                assert (answer.status_code, answer.json()["slug"]) == (401, "signature")
                assert SECRET not in answer.text
            for key in ("a", "b"):  # whoever replays a request may change what is not signed
                headers = {**signed(b"one"), "Idempotency-Key": key, "webhook-id": key}
                assert (await client.post(url, content=b"one", headers=headers)).status_code == 202
            assert await received(run) == 1
            await client.post(url, content=b"two", headers=signed(b"two"))
            assert await run.result("5s") == ["one", "two"]
            kept = [one.data["key"] for one in await run.events() if one.kind == "hook_received"]
            for key in kept:  # that it was recorded is told to nobody who cannot sign
                answer = await client.post(url, content=b"x", headers={"Idempotency-Key": key})
                assert answer.status_code == 410
            assert all(key.startswith("signed:") for key in kept)
        log = repr(await run.events()) + repr(await site.app.list_hooks())
        assert SECRET not in log

    on_site(scenario)


def test_without_the_secret_nothing_is_taken(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBHOOK_TEST_SECRET")

    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.github(1))
        async with outside(site) as client:
            answer = await client.post(url, content=b"one", headers=signed(b"one"))
        assert answer.status_code == 503
        assert "WEBHOOK_TEST_SECRET" not in answer.text
        assert await received(run) == 0

    on_site(scenario)


def test_a_function_of_the_user_decides(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.function(2))
        other, other_url = await started(site, flows.async_function())
        async with outside(site) as client:
            assert (await client.post(url)).status_code == 401
            for body in (b"one", b"one again"):
                answer = await client.post(url, content=body, headers={"X-Name": "n1"})
                assert answer.status_code == 202
            key = {"Idempotency-Key": "k"}
            answer = await client.post(url, content=b"2", headers={"X-Pass": "yes", **key})
            assert answer.status_code == 202
            assert await run.result("5s") == ["one", "2"]
            for late in (key, {"Idempotency-Key": "verified:k"}):  # the function is not asked now
                assert (await client.post(url, content=b"2", headers=late)).status_code == 410
            assert (await client.post(other_url)).status_code == 401
            assert (await client.post(other_url, headers={"Authorization": "secret"})).is_success
            assert "secret" not in repr(await other.events())

    on_site(scenario)


def test_a_function_that_is_not_loaded_here_lets_nobody_in(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.function(1))
        monkeypatch.delattr(flows, "is_ours")
        async with outside(site) as client:
            assert (await client.post(url, headers={"X-Pass": "yes"})).status_code == 503
        assert await received(run) == 0

    on_site(scenario)


def csrf_of(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def test_looking_approves_nothing_and_the_form_does(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.page(2))
        async with outside(site) as client:
            page = await client.get(url)
            assert (await client.head(url)).status_code == page.status_code == 200
            assert page.headers["x-frame-options"] == "DENY"
            assert "script" not in page.headers["content-security-policy"]
            assert page.headers["referrer-policy"] in ("no-referrer", "same-origin")
            assert "&lt;b&gt;7" in page.text
            assert "<b>7" not in page.text
            assert await received(run) == 0
            filled = {"csrf": csrf_of(page.text), "payload/approved": "true", "payload/note": ""}
            for _ in range(2):  # two clicks
                answer = await client.post(url, data=filled)
                assert (answer.status_code, "is recorded" in answer.text) == (200, True)
            assert await received(run) == 1
            unused = {**filled, "csrf": csrf_of((await client.get(url)).text)}
            # Back, and answered otherwise.
            answer = await client.post(url, data={**filled, "payload/approved": "false"})
            assert (answer.status_code, "is recorded" in answer.text) == (200, True)
            assert [one.approved for one in await run.result("5s")] == [True, False]
            for sent, status, told in ((filled, 200, "is recorded"), (unused, 410, "is closed")):
                late = await client.post(url, data=sent, headers={"Accept": "text/html"})
                assert (late.status_code, told in late.text) == (status, True)

    on_site(scenario)


def test_a_form_of_somebody_else_is_refused(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run, url = await started(site, flows.page())
        _, other = await started(site, flows.page())
        async with outside(site) as client:
            proof, foreign = [csrf_of((await client.get(one)).text) for one in (url, other)]
            for csrf in ("", "x.y", foreign):
                filled = {"csrf": csrf, "payload/approved": "true"}
                assert (await client.post(url, data=filled)).status_code == 403, csrf
                page = await client.post(url, data=filled, headers={"Accept": "text/html"})
                assert (page.status_code, "Open the link again" in page.text) == (403, True)
            answer = await client.post(
                url, data={"csrf": proof}, headers={"Sec-Fetch-Site": "cross-site"}
            )
            assert answer.status_code == 403
            answer = await client.post(url, data={"csrf": proof, "payload/note": "kept"})
            assert (answer.status_code, "kept" in answer.text) == (422, True), "shown again"
        assert await received(run) == 0

    on_site(scenario)


def test_keys_that_are_none_are_refused(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        _, url = await started(site, flows.plain())
        async with outside(site) as client:
            answer = await client.post(url, headers={"Idempotency-Key": "x" * 501})
            assert answer.status_code == 400

    on_site(scenario)


@pytest.mark.parametrize(("address", "learnt"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_the_public_address_is_learnt_from_this_machine_alone(
    address: str, learnt: bool, on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTLAST_PUBLIC_URL")

    async def scenario(site: Site) -> None:
        async with site.client(address=address) as client:
            await client.get("/runs")
        assert site.app.public_url == ("http://localhost" if learnt else None)

    on_site(scenario)


def test_a_run_that_needs_the_public_address_goes_on_when_it_is_learnt(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTLAST_PUBLIC_URL")

    async def scenario(site: Site) -> None:
        run: Run[Any] = await site.app.start(flows.plain())
        with pytest.raises(RunBlockedError, match="OUTLAST_PUBLIC_URL"):
            await run.result("5s")
        async with site.client() as client:
            await client.get("/runs")
            url = await flows.urls.get()
            assert url.startswith("http://localhost/")
            assert (await client.post(url)).status_code == 202
        assert await run.status() is not RunStatus.BLOCKED

    on_site(scenario)


def test_a_mounted_app_learns_where_it_is_mounted(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTLAST_PUBLIC_URL")

    async def scenario(site: Site) -> None:
        outer = Starlette(routes=[Mount("/outlast", site.http)])
        transport = httpx.ASGITransport(outer, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("http://localhost:8000/outlast/api/v1/runs")
            run, url = await started(site, flows.plain())
            assert url.startswith("http://localhost:8000/outlast/.well-known/workflow/v1/webhook/")
            assert (await client.post(url, content=b"mounted")).status_code == 202
        assert await run.result("5s") == [("POST", "mounted")]

    on_site(scenario)
