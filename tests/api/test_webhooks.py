"""Webhooks, seen from workflows: their URLs, what they give, and what they refuse to be."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from outlast import App, Run, WorkerOptions, sleep, start, step, webhook, workflow
from outlast.errors import (
    DefinitionError,
    HookPayloadError,
    NotAllowedHereError,
    RunBlockedError,
    RunFailedError,
    SettingsError,
)
from outlast.testing import assert_replays, record_history
from outlast.webhooks import GitHub, Response, WebhookRequest
from tests.api.conftest import Bench, outcome

BASE = "https://shop.example/hooks"
PATH = "/.well-known/workflow/v1/webhook/"


class Approval(BaseModel):
    """A decision."""

    by: str
    approved: bool


told: asyncio.Queue[str]


@pytest.fixture(autouse=True)
def fresh_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    global told
    told = asyncio.Queue()
    monkeypatch.setenv("OUTLAST_PUBLIC_URL", BASE)


@step(name="webhooks.tell")
async def tell(url: str) -> None:
    told.put_nowait(url)


@workflow(name="webhooks.approved")
async def approved() -> tuple[str, bool]:
    waiting = webhook(Approval, metadata={"order": 7}, token_prefix="shop_", expires="1 day")
    await tell(waiting.url)
    approval = await waiting
    return approval.by, approval.approved


@workflow(name="webhooks.raw")
async def raw() -> tuple[str, Any, str]:
    waiting = webhook()
    await tell(waiting.url)
    request = await waiting
    return request.method, request.json(), type(request).__name__


@workflow(name="webhooks.answering")
async def answering() -> str:
    waiting = webhook(Approval, respond="manual")
    await tell(waiting.url)
    request = await waiting
    await request.respond(Response.text("thanks"))
    return request.payload.by


@workflow(name="webhooks.twice")
async def twice() -> list[str]:
    first = webhook(int)
    await tell(first.url)
    seen = [first.url, str(await first), first.url]
    second = webhook(int)
    await tell(second.url)
    return [*seen, second.url, str(await second)]


@workflow(name="webhooks.late")
async def late() -> str:
    waiting = webhook()
    await waiting
    await tell(waiting.url)
    await waiting
    return waiting.url


@workflow(name="webhooks.unknown")
async def unknown() -> str:
    waiting = webhook()
    await sleep("1ms")
    return waiting.url


@workflow(name="webhooks.caught")
async def caught() -> str:
    try:
        return webhook().url
    except Exception as error:
        return repr(error)


@workflow(name="webhooks.wrong")
async def wrong(which: str) -> None:
    webhook(**WRONG[which])


def check(request: WebhookRequest) -> bool:
    return request.body != b""


def _nested() -> Callable[[WebhookRequest], bool]:
    def nested(_request: WebhookRequest) -> bool:
        return True

    return nested


WRONG: dict[str, dict[str, Any]] = {
    "lambda": {"verify": lambda _request: True},
    "nested": {"verify": _nested()},
    "text": {"verify": "sha256"},
    "get alone": {"methods": ("GET",)},
    "no method": {"methods": ()},
    "a text": {"methods": "POST"},
    "signed page": {"methods": ("GET", "POST"), "verify": GitHub(secret="SECRET")},
    "size": {"max_body": "much"},
    "zero": {"max_body": 0},
    "prefix": {"token_prefix": "a/b"},
    "respond": {"respond": "later"},
}


def test_the_url_is_known_at_once_and_the_payload_is_typed(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await start(approved())
        url = await told.get()
        [hook] = (await app.list_hooks()).hooks
        assert url == hook.url == BASE + PATH + hook.token
        assert hook.token.startswith("shop_")
        assert (hook.kind, hook.metadata, hook.expires_at is None) == (
            "webhook",
            {"order": 7},
            False,
        )
        with pytest.raises(HookPayloadError):
            await app.resume(hook.token, {"by": "Ada"})
        await app.resume(hook.token, {"by": "Ada", "approved": True})
        assert await run.result("20s") == ("Ada", True)

    on_app(scenario)


def test_tokens_are_secrets_of_their_own_for_each_webhook(on_memory: Bench) -> None:
    async def scenario(app: App) -> None:
        for _ in range(20):
            await start(raw())
        urls = {await told.get() for _ in range(20)}
        proofs = {url.removeprefix(BASE + PATH).partition(".")[0] for url in urls}
        assert len(proofs) == 20
        assert all(len(proof) == 24 for proof in proofs), "144 bits"

    on_memory(scenario)


def test_what_comes_by_resume_is_a_request_as_well(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await start(raw())
        token = (await told.get()).rpartition("/")[2]
        await app.resume(token, {"n": 1})
        assert await run.result("20s") == ("POST", {"n": 1}, "WebhookRequest")

    on_app(scenario)


def test_who_resumes_gets_no_answer_and_the_run_need_not_know(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await start(answering())
        token = (await told.get()).rpartition("/")[2]
        await app.resume(token, {"by": "Ada", "approved": True})
        assert await run.result("20s") == "Ada"
        assert [one.name for one in await run.steps()] == ["webhooks.tell", "respond"]
        assert await run.streams() == [], "answers are no streams for readers"

    on_app(scenario)


@pytest.mark.parametrize("world", ["sqlite", "postgres"])
def test_a_url_stays_what_it_was_where_the_public_address_moves(
    world: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_sqlite = world == "sqlite"
    database = f"sqlite:///{tmp_path}/t.db"
    if not is_sqlite:
        database = request.getfixturevalue("postgres").url()

    async def main() -> None:
        options = WorkerOptions(linger=0, verify_replay=True)
        async with App(database, options=options, public_url="https://old.example/") as app:
            run_id = (await start(twice())).id
            first = await told.get()
        async with App(database, options=options, public_url="https://new.example") as app:
            run: Run[list[str]] = app.get_run(run_id)
            await app.resume(first.rpartition("/")[2], 1)
            second = await told.get()
            await app.resume(second.rpartition("/")[2], 2)
            seen = await run.result("20s")
            history = await record_history(run)
        assert seen == [first, "1", first, second, "2"]
        assert first.startswith("https://old.example/.well")
        assert second.startswith("https://new.example/.well")
        await asyncio.to_thread(assert_replays, history, twice)

    asyncio.run(main())


def test_a_url_that_was_told_later_may_be_another_one_after_the_public_address_has_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in development, where an app learns its address from the first request, after the webhook was opened."""
    monkeypatch.delenv("OUTLAST_PUBLIC_URL")
    database = f"sqlite:///{tmp_path}/t.db"

    async def main() -> None:
        options = WorkerOptions(linger=0, verify_replay=True)
        async with App(database, options=options) as app:
            run_id = (await start(late())).id
            token = await _token_of(app, run_id)
        async with App(database, options=options, public_url="https://old.example") as app:
            await app.resume(token, 1)
            assert (await told.get()).startswith("https://old.example/")
        async with App(database, options=options, public_url="https://new.example") as app:
            await app.resume(token, 2)
            url: str = await app.get_run(run_id).result("20s")
        assert url.startswith("https://new.example/")
        assert url.endswith(token)

    asyncio.run(main())


async def _token_of(app: App, run_id: str) -> str:
    async with asyncio.timeout(20):
        while not (page := await app.list_hooks(run_id=run_id)).hooks:
            await asyncio.sleep(0)
    return page.hooks[0].token


@pytest.mark.parametrize("call", [unknown, caught, raw])
def test_without_a_public_address_a_run_waits_for_a_worker_that_knows_it(
    call: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTLAST_PUBLIC_URL")
    database = f"sqlite:///{tmp_path}/t.db"

    async def main() -> None:
        async with App(database) as app:
            run: Run[Any] = await start(call())
            problem = await outcome(run)
            assert isinstance(problem, RunBlockedError)
            assert "OUTLAST_PUBLIC_URL" in problem.problem
            assert app.public_url is None
            assert told.empty()
        async with App(database) as app:
            again = await outcome(app.get_run(run.id))
            assert isinstance(again, RunBlockedError), "tried again, and kept"
        async with App(database, public_url=BASE) as app:
            if call is raw:
                await app.resume((await told.get()).rpartition("/")[2], 7)
            result = await app.get_run(run.id).result("20s")
            assert call is raw or result.startswith(BASE)

    asyncio.run(main())


@pytest.mark.parametrize(
    "value", ["shop.example", "ftp://a.b", "https://u:p@a.b", "https://a.b/?q=1"]
)
def test_a_public_address_that_is_none_is_refused(value: str) -> None:
    async def main() -> None:
        with pytest.raises(SettingsError, match="public_url"):
            async with App("memory://", public_url=value):
                pass

    asyncio.run(main())


@pytest.mark.parametrize("which", WRONG)
def test_what_cannot_be_a_webhook_is_refused_where_it_is_made(which: str, on_memory: Bench) -> None:
    async def scenario(_app: App) -> None:
        problem = await outcome(await start(wrong(which)))
        assert isinstance(problem, RunFailedError)
        assert isinstance(problem.__cause__, DefinitionError), problem

    on_memory(scenario)


def test_a_webhook_belongs_into_a_workflow() -> None:
    with pytest.raises(NotAllowedHereError):
        webhook()


def test_a_request_is_answered_by_its_run_alone() -> None:
    with pytest.raises(NotAllowedHereError, match="answered at once"):
        WebhookRequest(method="POST").respond(Response())
    with pytest.raises(NotAllowedHereError, match="outside of a run"):
        WebhookRequest(method="POST", answer="r/outlast:answer/x").respond(Response())


def test_the_body_of_a_request_is_read_as_what_it_is() -> None:
    request = WebhookRequest(method="POST", body=b"a=1&a=2&b=")
    assert request.form() == {"a": ["1", "2"], "b": [""]}
    assert request.text() == "a=1&a=2&b="
    with pytest.raises(ValueError, match="JSON"):
        request.json()
    parts = {"content-type": "multipart/form-data; boundary=x"}
    with pytest.raises(ValueError, match="reads no files"):
        WebhookRequest(method="POST", headers=parts, body=b"--x\r\na=b").form()


@pytest.mark.parametrize(
    "wrong_response",
    [
        {"status": 99},
        {"status": 600},
        {"headers": {"a\r\nb": "c"}},
        {"headers": {"a": "b\r\nc: d"}},
        {"headers": {"a": 1}},
        {"status": "200"},
        {"body": "text"},
        {"body": bytearray(b"text")},
    ],
)
def test_a_response_that_is_none_is_refused(wrong_response: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Response(**wrong_response)
