"""An app behind HTTP: for programs, and for the command line."""

import asyncio
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from outlast import App, RunCancelledError, RunFailedError, RunStatus, blocking
from outlast.cli import main
from outlast.errors import (
    AccessDeniedError,
    EncodeError,
    HookNotFoundError,
    HookPayloadError,
    InvalidArgumentsError,
    InvalidDurationError,
    OutlastError,
    PayloadTooLargeError,
    RequestError,
    RunNotFoundError,
    WorkflowNotFoundError,
    WorldError,
    WorldUnavailableError,
)
from outlast.http import BearerTokens, RemoteApp, asgi
from outlast.http.serving import Server, address_of, listen
from tests.http import flows
from tests.http.conftest import Site

OnSite = Callable[..., None]


def _remote(site: Site, **options: Any) -> RemoteApp:
    transport = httpx.ASGITransport(site.http)
    return RemoteApp("http://localhost/api/v1/", transport=transport, **options)


def test_it_offers_what_an_app_offers(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            run = await app.start(flows.telling(2), attributes={"tenant": "acme", "n": 1})
            here = site.app.get_run(run.id)
            await here.result("5s")
            assert await run.info() == await here.info()
            assert await run.status() is RunStatus.COMPLETED
            assert await run.events(1) == await here.events(1)
            assert await run.steps() == await here.steps()
            assert [one async for one in run.follow()] == await here.events()
            assert [one async for one in run.stream()] == [{"n": 0}, {"n": 1}, b"\x00raw"]
            typed = run.stream(type=dict[str, int] | bytes, start=1)
            assert [one async for one in typed] == [{"n": 1}, b"\x00raw"]
            with pytest.raises(ValidationError):
                _ = [one async for one in run.stream(type=int)]
            assert await run.streams() == await here.streams()
            for name in ("default", "other"):
                assert await run.stream_info(name) == await here.stream_info(name)
            assert await app.workers() == await site.app.workers()
            assert await app.list_runs() == await site.app.list_runs()
            found = await app.list_runs(
                status="completed", attributes={"n": 1}, workflow="http_tell"
            )
            assert [one.id for one in found.runs] == [run.id]
            assert (await app.list_runs(attributes={"n": "1"})).runs == ()
            assert (await app.list_runs(created_to=found.runs[0].created_at)).runs == ()
            assert await run.cancel("late") is False
            assert await run.wake() is False

    on_site(scenario)


def test_the_result_is_waited_for(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            run = await app.start(flows.twice(1))
            assert await run.result("5s") == 4
            assert await run.result(0) == 4
            asking = await app.start(flows.ask("result"))
            await site.signals.wait_for("run_suspended", run_id=asking.id)
            with pytest.raises(TimeoutError, match="it goes on"):
                await asking.result(0.01)
            waiting = asyncio.ensure_future(asking.result("5s"))
            await app.resume("result", 20)
            await app.resume("result", 22)
            assert await waiting == 42
            failing = await app.start(flows.nap("no time"))
            for here in (failing, site.app.get_run(failing.id)):
                with pytest.raises(RunFailedError) as caught:
                    await here.result("5s")
                assert isinstance(caught.value.__cause__, InvalidDurationError)
            napping = await app.start(flows.nap())
            await napping.cancel("enough")
            with pytest.raises(RunCancelledError, match="enough"):
                await napping.result("5s")
            with pytest.raises(RunNotFoundError):
                await app.get_run("none").result()

    on_site(scenario)


def test_any_name_and_any_start_is_found_as_on_the_spot(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            for name in ("a/b", "a/", "/", ".", "..", "ü ?#%", "a%2Fb", "+", " x "):
                run = await app.start(
                    flows.telling(1, name), run_id=f"named {name}".replace("/", "")
                )
                here = site.app.get_run(run.id)
                await here.result("5s")
                for start in (0, 10**30, -(10**30), -1):
                    expected = [one async for one in here.stream(name, start)]
                    assert [one async for one in run.stream(name, start)] == expected
                assert [one async for one in run.stream(name)] == [{"n": 0}, b"\x00raw"]
            nobody = app.get_run("%2e%2e")
            with pytest.raises(RunNotFoundError):
                await nobody.info()

    on_site(scenario)


def test_a_run_is_started_together_with_a_payload(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            first = await app.start(flows.ask("together"), token="together", payload=20)
            again = await app.start(flows.ask("together"), token="together", payload=22)
            assert again.id == first.id
            assert await site.app.get_run(first.id).result("5s") == 42
            with pytest.raises(ValueError, match="token and payload together"):
                await app.start(flows.ask("together"), token="together")

    on_site(scenario)


def test_what_cannot_be_sent_is_refused_as_on_the_spot(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run = await site.app.start(flows.ask("odd"))
        await site.signals.wait_for("run_suspended", run_id=run.id)
        async with _remote(site) as app:
            for payload in (b"\xff", object(), "\ud800"):
                with pytest.raises(EncodeError, match="payload"):
                    await app.resume("odd", payload)
            with pytest.raises(HookPayloadError):
                await app.resume("odd", float("nan"))
            with pytest.raises(ValueError, match="key"):
                await app.resume("odd", 1, key="")
            with pytest.raises(PayloadTooLargeError) as large:
                await app.start(flows.ask("x" * 4_200_000))
            assert (large.value.limit, large.value.what) == (
                4 * 2**20,
                "input of workflow 'http_ask'",
            )
            with pytest.raises(InvalidDurationError, match="'soon' is not a time"):
                await app.start(flows.nap(), delay="soon")

    on_site(scenario)


def test_hooks_are_found_and_resumed(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        run = await site.app.start(flows.ask("remote"))
        await site.signals.wait_for("run_suspended", run_id=run.id)
        async with _remote(site) as app:
            assert await app.get_hook("remote") == await site.app.get_hook("remote")
            assert await app.list_hooks(run.id) == await site.app.list_hooks()
            assert await app.resume("remote", 1, key="1") == run.id
            with pytest.raises(HookPayloadError):
                await app.resume("remote", "many")
            await app.resume("remote", 2)
            assert await run.result("5s") == 3
            with pytest.raises(HookNotFoundError):
                await app.get_hook("remote")

    on_site(scenario)


def test_refusals_are_the_errors_of_the_library(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site, token="x" * 16) as app:

            async def refused(kind: type[OutlastError], asked: Any) -> OutlastError:
                with pytest.raises(kind) as caught:
                    await asked
                return caught.value

            assert str(await refused(RunNotFoundError, app.get_run("nobody").info())) == str(
                RunNotFoundError("nobody")
            )
            await refused(RunNotFoundError, anext(app.get_run("nobody").follow()))
            await refused(RequestError, app.list_runs(limit=0))
            with pytest.raises(ValueError, match="cannot be a run id"):
                app.get_run("a/b")
        elsewhere = RemoteApp("http://localhost", transport=httpx.ASGITransport(site.http))
        async with elsewhere as app:
            assert "path" in str(await refused(RequestError, app.workers()))

    on_site(scenario)


def test_nobody_answers() -> None:
    async def ask() -> None:
        with listen("127.0.0.1", 0) as listening:
            url = address_of(listening)
        async with RemoteApp(url.replace("//", "//ada:secret@")) as app:
            with pytest.raises(WorldUnavailableError) as caught:
                await app.workers()
        assert url in str(caught.value)
        assert "outlast serve" in str(caught.value.hint)
        assert "secret" not in str(caught.value)

    asyncio.run(ask())


def test_a_token_is_needed(on_site: OnSite, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            with pytest.raises(AccessDeniedError, match="OUTLAST_TOKEN"):
                await app.workers()
        monkeypatch.setenv("OUTLAST_TOKEN", "read-token-0123456789")
        async with _remote(site) as app:
            await app.workers()
            with pytest.raises(AccessDeniedError, match="operate"):
                await app.start(flows.nap())

    on_site(scenario, access=BearerTokens(read=["read-token-0123456789"]))


def test_arguments_are_checked_where_it_is_served(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        async with _remote(site) as app:
            call = flows.twice(1)
            call.arguments = (("one",), {})  # as an older definition would have let it pass
            with pytest.raises(InvalidArgumentsError, match="number"):
                await app.start(call)
            another = flows.nap()
            another.definition = dataclasses.replace(another.definition, name="unheard_of")
            with pytest.raises(WorkflowNotFoundError, match="unheard_of"):
                await app.start(another)

    on_site(scenario)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an API, served from another thread; and an empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTLAST_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    with blocking.opened(App("memory://")) as app, listen("127.0.0.1", 0) as listening:
        server = Server(asgi(app), grace=1)
        serving = asyncio.run_coroutine_threadsafe(server.serve([listening]), app.runtime.loop)
        yield f"{address_of(listening)}/api/v1"
        server.stop()
        serving.result(20)


def test_the_command_line_works_on_it(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cli(*arguments: str, code: int = 0) -> Any:
        assert main([*arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    monkeypatch.setenv("OUTLAST_URL", url)
    run_id = blocking.start(flows.nap(), run_id="napping", attributes={"tenant": "acme"}).id
    assert [one["id"] for one in cli("list", "--attribute", "tenant=acme")["runs"]] == [run_id]
    assert cli("show")["run"]["id"] == run_id
    assert cli("events", run_id)["kind"] == "run_created"
    assert len(cli("workers")["workers"]) == 1
    assert [one["id"] for one in cli("list", "--text", "NAPP", "--sort", "created")["runs"]] == [
        run_id
    ]
    name = flows.nap.name
    assert name in {one["name"] for one in cli("workflows")["workflows"]}
    assert cli("workflows", name)["stats"]["of"] == 1
    assert cli("cancel", run_id, "--reason", "enough")["runs"][0]["done"] is True
    with pytest.raises(RunCancelledError):
        blocking.get_run(run_id).result("5s")
    assert main(["events", run_id, "--follow"]) == 0
    assert "run_cancelled" in capsys.readouterr().out
    assert cli("wake", run_id, code=1)["runs"][0]["status"] == "cancelled"
    assert main(["show", "nobody"]) == 3
    assert cli("hooks")["hooks"] == []
    assert main(["resume", "nobody's"]) == 3
    assert cli("settings")["settings"]["url"]["value"] == url


def test_streams_are_printed_from_afar(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLAST_URL", url)
    blocking.start(flows.telling(2), run_id="telling").result("5s")
    for options in ([], ["--no-follow"]):
        assert main(["tail", "telling", "--json", "--start", "1", *options]) == 0
        printed = capsys.readouterr().out.splitlines()
        assert [json.loads(line) for line in printed] == [
            {"n": 1},
            {"$type": "bytes", "base64": "AHJhdw=="},
        ]
    assert main(["tail", "telling", "other"]) == 0
    assert "has no stream 'other'" in capsys.readouterr().err
    assert main(["tail", "nobody"]) == 3
    for command in ("steps", "streams"):
        assert main([command, "telling", "--json", "--follow"]) == 0
        (followed,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert main([command, "telling", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"run": "telling", command: [followed]}


@pytest.mark.parametrize(
    "command",
    [
        ("prune", "--older-than", "1d"),
        ("db", "status"),
        ("run", "flow.py"),
        ("worker", "flow.py"),
        ("serve", "flow.py"),
    ],
)
def test_what_needs_the_database_says_so(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--url", "https://ada:s3cret@host.example/api/v1"]) == 2
    said = capsys.readouterr().err
    assert "needs the database" in said
    assert "s3cret" not in said


def test_the_command_line_starts_on_it(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "started_over_http.py"
    source.write_text(
        "from outlast import workflow\n\n\n@workflow\nasync def greet(name: str) -> str:\n    return name\n"
    )
    assert main(["start", f"{source}:greet", "Ada", "--id", "ada", "--url", url]) == 0
    assert capsys.readouterr().out == "ada\n"
    assert blocking.get_run("ada").result("5s") == "Ada"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "localhost:8000/api/v1",
        "ftp://ada:secret@a.b",
        "http://",
        "http://a.b:secret",
        "",
    ],
)
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(WorldError, match="outlast serve") as caught:
        RemoteApp(url)
    assert not isinstance(caught.value, WorldUnavailableError)
    assert "secret" not in str(caught.value)


def test_what_cannot_be_asked_is_not_asked_again() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        message = "there is no such protocol"
        raise httpx.UnsupportedProtocol(message)

    async def main() -> None:
        async with RemoteApp("http://a.b", transport=httpx.MockTransport(answer)) as app:
            with pytest.raises(WorldError, match="no such protocol"):
                async for _ in app.get_run("one").follow():
                    pass

    asked: list[str] = []
    asyncio.run(main())
    assert asked == ["/runs/one/feed"]
