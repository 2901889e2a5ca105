"""The server of the coding agent: conversations with the script, and what is refused."""

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from examples.coding_agent import agent, settings
from examples.coding_agent.sandbox import BubblewrapSandboxes
from outlast import StepFailedError, start, step, workflow
from tests.agents.coding.conftest import OnSite, data_of, output_of, respond, say, text_of


async def status(client: httpx.AsyncClient, wanted: str) -> dict[str, object]:
    """The chat, once it stands like that."""
    while True:
        chats = (await client.get("/api/chats")).json()["chats"]
        if chats and chats[0]["status"] == wanted:
            return dict(chats[0])
        await asyncio.sleep(0.02)


def test_from_a_wish_to_a_preview(sandboxes: BubblewrapSandboxes, on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        told = await say(client, "Make me a stopwatch")
        (sandbox,) = [one["id"] for one in data_of(told, "sandbox")]
        assert data_of(told, "files")[0]["paths"] == [
            "app.js",
            "check.sh",
            "index.html",
            "style.css",
        ]
        outputs = data_of(told, "output")
        assert len(outputs) > 2  # it came while the command went on
        assert outputs[-1]["exit"] == 0
        assert outputs[-1]["text"].count("ok") == 6
        (url,) = [one["url"] for one in data_of(told, "preview")]
        assert "Your stopwatch is at the side" in text_of(told)

        page = await client.get(url)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["content-security-policy"].startswith(
            "sandbox allow-scripts; default-src 'none'"
        )
        assert "Stopwatch" in page.text
        script = await client.get(url.replace("index.html", "app.js"))
        assert script.headers["content-type"].startswith("text/javascript")

        files = (await client.get(f"/api/sandboxes/{sandbox}/files")).json()
        assert {one["path"] for one in files["files"]} == {
            "app.js",
            "check.sh",
            "index.html",
            "style.css",
        }
        assert 0 < files["total"] < files["limit"]
        source = await client.get(f"/api/sandboxes/{sandbox}/files/index.html")
        assert source.headers["content-type"] == "text/plain; charset=utf-8"
        assert source.headers["x-content-type-options"] == "nosniff"

        listed = await status(client, "idle")
        assert (listed["id"], listed["kind"], listed["sandbox"]) == ("c1", "code", sandbox)

    on_site(scenario)


def test_removing_needs_a_person(sandboxes: BubblewrapSandboxes, on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        made = output_of(await say(client, "make a todo list"), "create_sandbox")
        files = f"/api/sandboxes/{made['sandbox']}/files"
        asked = await say(client, "clean up", "m2")
        await status(client, "waiting")
        denied = await respond(client, asked, approved=False)
        assert "leave everything as it is" in text_of(denied)
        assert len((await client.get(files)).json()["files"]) == 4
        given = await respond(client, await say(client, "clean up", "m3"), approved=True)
        assert data_of(given, "output")[-1]["exit"] == 0
        assert (await client.get(files)).json()["files"] == []

    on_site(scenario)


def test_a_sleep_is_ended_early(sandboxes: BubblewrapSandboxes, on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = asyncio.ensure_future(say(client, "wait 9 hours and check it"))
        await status(client, "sleeping")
        while not answer.done():  # it may be about to sleep
            assert (await client.post("/api/wake/c1")).status_code == 204
            await asyncio.wait({answer}, timeout=0.05)
        first, last = data_of(answer.result(), "sleep")
        assert (first["over"], last["over"]) == (False, True)
        assert first["until"] == last["until"]
        assert "I am awake again" in text_of(answer.result())

    on_site(scenario)


def test_a_command_is_stopped_and_the_chat_goes_on(
    sandboxes: BubblewrapSandboxes, on_site: OnSite
) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        answer = asyncio.ensure_future(say(client, "run echo begun > here; sleep 86395"))
        listed = await status(client, "answering")
        while not listed["sandbox"]:
            listed = await status(client, "answering")
        files = f"/api/sandboxes/{listed['sandbox']}/files"
        while not (await client.get(files)).json()["files"]:
            await asyncio.sleep(0.02)
        assert (await client.post("/api/code/c1/stop")).status_code == 204
        kinds = [one["type"] for one in await answer]
        assert kinds[-2:] == ["abort", "finish"]
        assert "a script, not a language model" in text_of(await say(client, "hello", "m2"))

    on_site(scenario)


@step(name="coding_agent.reach", retries=0)
async def reach(sandbox: str) -> None:
    agent.attached(sandbox)


@workflow(name="coding_agent.reaching")
async def reaching(sandbox: str) -> str:
    try:
        await reach(sandbox)
    except StepFailedError as error:
        return str(error)
    return "reached"


def test_the_tools_of_one_chat_do_not_reach_into_another(
    sandboxes: BubblewrapSandboxes, on_site: OnSite
) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        made = output_of(await say(client, "make a todo list"), "create_sandbox")
        assert settings.sandboxes().attach(made["sandbox"]).files()
        told = await (await start(reaching(made["sandbox"]))).result()
        assert "there is no sandbox" in told

    on_site(scenario)


def test_without_bubblewrap_the_agent_refuses(
    on_site: OnSite, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(data))

    async def scenario(client: httpx.AsyncClient) -> None:
        info = (await client.get("/api/info")).json()
        assert "apt-get install bubblewrap" in info["sandbox_missing"]
        told = await say(client, "make a stopwatch")
        assert "apt-get install bubblewrap" in text_of(told)
        assert not [one for one in told if one["type"].startswith("tool-")]

    on_site(scenario)


def test_without_the_small_model_the_plain_chat_says_so(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    async def scenario(client: httpx.AsyncClient) -> None:
        info = (await client.get("/api/info")).json()
        assert info["talk"] is None
        assert "make demo-agent" in info["talk_missing"]
        assert "make demo-agent" in text_of(await say(client, "hello", kind="talk"))
        chats = (await client.get("/api/chats")).json()["chats"]
        assert [(one["kind"], one["title"]) for one in chats] == [("talk", "hello")]

    on_site(scenario)


def test_what_the_page_is_told(on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        info = (await client.get("/api/info")).json()
        assert info["development"] is False
        assert info["code"]["scripted"] is True
        assert "not a language model" in info["code"]["label"]
        assert info["limits"]["network"] == "none"
        page = await client.get("/")
        assert "default-src 'none'" in page.headers["content-security-policy"]

    on_site(scenario)


@pytest.mark.parametrize(
    "path",
    [
        "/preview/app-1/index.html",
        "/preview/..%2fx/index.html",
        "/api/sandboxes/app-1/files",
        "/api/sandboxes/app-1/files/x",
        "/preview/app-0/link",
        "/preview/app-0/folder/secret",
        "/preview/app-0/..%2f..%2fsecret",
        "/api/sandboxes/app-0/files/link",
        "/nothing",
    ],
)
def test_what_is_not_there(on_site: OnSite, data: Path, path: str) -> None:
    work = data / "sandboxes" / "app-0" / "work"
    work.mkdir(parents=True)
    (data / "secret").write_text("secret")
    (work / "link").symlink_to(data / "secret")
    (work / "folder").symlink_to(data)

    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.text != "secret"

    on_site(scenario)


def test_who_may_not(on_site: OnSite) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        foreign = {"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        for path in ("/api/wake/c1", "/api/development/kill", "/api/code"):
            assert (await client.post(path, headers=foreign)).status_code == 403
        named = {"Host": "elsewhere.example"}
        for path in ("/", "/api/info", "/api/chats", "/preview/app-1/x", "/api/sandboxes/a/files"):
            assert (await client.get(path, headers=named)).status_code == 403
        assert (await client.post("/api/development/kill")).status_code == 404
        assert (await client.post("/api/wake/none")).status_code == 404

    on_site(scenario)
