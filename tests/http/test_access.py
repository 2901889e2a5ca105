"""Who may use the API."""

import logging
from collections.abc import Callable

import pytest
from starlette.requests import Request

from outlast.errors import SettingsError
from outlast.http import BearerTokens, Role
from outlast.http.access import find_access
from tests.http.conftest import Site

OnSite = Callable[..., None]
OPERATE, READ = "operate-token-0123456789", "read-token-0123456789"


@pytest.mark.parametrize(
    ("address", "host", "headers", "status"),
    [
        ("127.0.0.1", "localhost", {}, 200),
        ("127.9.9.9", "127.0.0.1:8000", {}, 200),
        ("::1", "[::1]:8000", {}, 200),
        ("::ffff:127.0.0.1", "localhost", {}, 200),
        ("10.0.0.7", "localhost", {}, 403),
        ("", "localhost", {}, 403),
        ("127.0.0.1", "evil.example", {}, 403),
        ("127.0.0.1", "localhost.evil.example", {}, 403),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", "localhost", {"Forwarded": "for=10.0.0.7"}, 403),
    ],
)
def test_without_configuration_only_this_machine_is_answered(
    on_site: OnSite, address: str, host: str, headers: dict[str, str], status: int
) -> None:
    async def scenario(site: Site) -> None:
        async with site.client(address=address, host=host, headers=headers) as client:
            for path in ("/runs", "/openapi.json", "/feed?limit=0"):
                answer = await client.get(path)
                assert answer.status_code in (status, 422 if status == 200 else status)
                assert "access-control-allow-origin" not in answer.headers

    on_site(scenario)


@pytest.mark.parametrize(
    ("sent", "reading", "acting"),
    [(OPERATE, 200, 404), (READ, 200, 403), ("other", 401, 401), ("", 401, 401)],
)
def test_tokens_have_roles(on_site: OnSite, sent: str, reading: int, acting: int) -> None:
    async def scenario(site: Site) -> None:
        headers = {"Authorization": f"Bearer {sent}"}
        async with site.client(address="10.0.0.7", host="runs.example", headers=headers) as client:
            read = await client.get("/runs")
            act = await client.post("/runs/nobody/cancel")
        assert (read.status_code, act.status_code) == (reading, acting)
        assert ("www-authenticate" in read.headers) == (reading == 401)

    on_site(scenario, access=BearerTokens(operate=[OPERATE], read=[READ]))


def test_tokens_come_from_the_environment(on_site: OnSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_HTTP_TOKENS", f"operate:{OPERATE}, read:{READ}")
    found = find_access(None)
    assert isinstance(found, BearerTokens)
    for text in (OPERATE, READ):
        assert text not in repr(vars(found))


@pytest.mark.parametrize("text", [f"admin:{OPERATE}", OPERATE, "read:short", f"read:{READ},"])
def test_tokens_that_cannot_be_used_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("OUTLAST_HTTP_TOKENS", text)
    with pytest.raises(SettingsError) as caught:
        find_access(None)
    assert not any(secret in str(caught.value) for secret in (OPERATE, READ, "short"))


def test_no_token_is_logged(on_site: OnSite, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(site: Site) -> None:
        async with site.client(
            headers={"Authorization": "Bearer wrong-token-0123456789"}
        ) as client:
            await client.get("/runs")

    with caplog.at_level(logging.DEBUG, "outlast"):
        on_site(scenario, access=BearerTokens(operate=[OPERATE]))
    assert "token-0123456789" not in "".join(
        one.getMessage() for one in caplog.records if not one.name.startswith("http")
    )


def test_a_function_of_ones_own_decides(on_site: OnSite) -> None:
    async def by_name(request: Request) -> Role | None:
        return {"ada": Role.OPERATE, "bob": Role.READ}.get(request.headers.get("x-user", ""))

    async def scenario(site: Site) -> None:
        async with site.client(host="runs.example") as client:

            async def status(user: str) -> int:
                return (
                    await client.post("/runs/nobody/wake", headers={"X-User": user})
                ).status_code

            assert [await status(user) for user in ("ada", "bob", "eve")] == [404, 403, 403]

    on_site(scenario, access=by_name)


@pytest.mark.parametrize("answer", [False, True, "", "operate", {"role": "operate"}])
def test_only_a_role_lets_anybody_in(
    on_site: OnSite, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            assert (await client.get("/runs")).status_code == 403
            assert (await client.post("/runs/nobody/wake")).status_code == 403

    with caplog.at_level(logging.ERROR, "outlast"):
        on_site(scenario, access=lambda _request: answer)
    assert f"access returned {type(answer).__name__}" in caplog.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 404),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://runs.example"}, 404),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_of_other_sites_cannot_act(
    on_site: OnSite, headers: dict[str, str], status: int
) -> None:
    async def scenario(site: Site) -> None:
        async with site.client() as client:
            answer = await client.post("/runs/nobody/cancel", headers=headers)
        assert answer.status_code == status

    on_site(scenario)
