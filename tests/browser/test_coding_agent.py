"""The coding agent of the examples as a visitor meets it: its real server, its real page, a sandbox, a browser.

The screenshots of the last run are in `.pytest_cache/d/coding_agent`.
"""

import asyncio
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest
from playwright.sync_api import Locator, Page, expect

from examples.coding_agent.sandbox import BubblewrapSandboxes, Limits
from outlast.testing.models import Answer, ModelRequest, ModelServer
from tests.browser.conftest import OpenPage
from tests.house.checkout import ROOT
from tests.programs import Program, Start
from tools import sandbox as bubblewrap

pytest.importorskip("pydantic_ai")

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
OPTIONS = {"resultTypes": ["violations"], "iframes": False}
GRAVE = {"serious", "critical"}

Shoot: TypeAlias = Callable[[Page, str], None]


STORY = "Once upon a time a keeper lit the lamp each night, and a ship came home by it."


def tell(request: ModelRequest) -> Answer:
    """The plain chat gets a story, slowly; what is not streamed is a title."""
    return Answer(STORY, pause=0.15) if request.streamed else Answer("A `title`")


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider of models on this machine, in a thread, for here is no loop of one's own."""
    server, ready, over = ModelServer(tell), threading.Event(), threading.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield server.openai_url
    over.set()
    thread.join()


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[str]:
    """Where the example is served, with a script that speaks fast."""
    data = tmp_path_factory.mktemp("agent")
    if (reason := BubblewrapSandboxes(data / "sandboxes", Limits()).unavailable()) is not None:
        pytest.skip(f"{reason} ({bubblewrap.BY_HAND})")
    arguments = ("-m", "examples.coding_agent", "--port", "0", "--data", str(data))
    chosen = {
        "CODING_AGENT_PACE": "0.004",
        "CODING_AGENT_TALK_MODEL": "openai-chat:gpt-4o",
        "OPENAI_BASE_URL": provider,
        "OPENAI_API_KEY": "none",
    }
    with Program(Start(arguments, ROOT, {**os.environ, **chosen})) as supervisor:
        assert supervisor.stdout is not None
        yield supervisor.stdout.readline().strip()
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()


@pytest.fixture
def shoot(request: pytest.FixtureRequest, tmp_path: Path) -> Shoot:
    """Keeps what a page looks like."""
    cache: pytest.Cache | None = request.config.cache
    folder = tmp_path if cache is None else cache.mkdir("coding_agent")
    test = request.node.name.removeprefix("test_")

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{test}-{name}.png", animations="disabled")

    return keep


def test_from_a_wish_to_an_app_that_works(agent: str, open_page: OpenPage, shoot: Shoot) -> None:
    page = open_page(width=1280, theme="dark", javascript=True)
    page.goto(agent)
    page.get_by_role("button", name="Make me a stopwatch", exact=True).click()
    expect(page.get_by_role("log")).to_contain_text("ok")
    page.reload()  # while the command goes on
    expect(answered(page, "Your stopwatch is at the side")).to_have_count(1)
    expect(answered(page, "I make you a stopwatch")).to_have_count(1)
    app = page.frame_locator("iframe")
    app.get_by_role("button", name="Start").click()
    expect(app.get_by_role("button", name="Stop")).to_be_visible()
    shoot(page, "preview")
    assert grave(page) == []
    page.get_by_role("tab", name="Files").click()
    page.get_by_label("Files", exact=True).get_by_role("button", name="index.html").click()
    expect(page.get_by_role("region", name="The file index.html")).to_contain_text("<html")
    shoot(page, "files")

    say(page, "clean up")
    expect(page.get_by_role("group", name="The command")).to_have_text("rm -rv ./*")
    shoot(page, "approval")
    page.get_by_role("button", name="Approve").click()
    expect(answered(page, "The files are gone")).to_have_count(1)
    expect(page.get_by_text("There are no files yet")).to_be_visible()


def test_the_server_is_killed_in_the_middle_of_an_answer(
    agent: str, open_page: OpenPage, shoot: Shoot
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(agent)
    say(page, "make a todo list")
    expect(page.get_by_role("log")).to_contain_text("ok")
    page.get_by_role("button", name="Kill the server").click()
    expect(page.get_by_text("The server was killed. Reconnecting.")).to_be_visible()
    shoot(page, "lost")
    expect(page.get_by_text("Connected again.")).to_be_visible()
    expect(answered(page, "Your todo is at the side")).to_have_count(1)
    for said in ("I make you a todo", "Now the files", "Let me check them", "All is well"):
        expect(answered(page, said)).to_have_count(1)
    expect(page.get_by_role("log")).to_have_count(1)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    app = page.frame_locator("iframe")
    app.get_by_role("textbox").fill("water the plants")
    app.get_by_role("textbox").press("Enter")
    expect(app.get_by_text("water the plants")).to_be_visible()
    shoot(page, "todo")
    assert grave(page) == []


def test_the_server_is_killed_in_the_middle_of_a_plain_answer(
    agent: str, open_page: OpenPage, shoot: Shoot
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(agent)
    page.get_by_role("button", name="New talk").click()
    say(page, "Tell me a story")
    expect(answered(page, "Once upon a time")).to_be_visible()
    page.get_by_role("button", name="Kill the server").click()
    expect(page.get_by_text("The server was killed. Reconnecting.")).to_be_visible()
    expect(page.get_by_text("Connected again.")).to_be_visible()
    expect(answered(page, STORY)).to_have_count(1)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert page.locator(".answer").inner_text().count("Once upon a time") == 1
    shoot(page, "story")


def test_what_a_person_decides(agent: str, open_page: OpenPage, shoot: Shoot) -> None:
    page = open_page(javascript=True)
    page.goto(agent)
    say(page, "publish it")
    expect(page.get_by_text("Publish the app for everybody to see?")).to_be_visible()
    shoot(page, "approval")
    assert grave(page) == []
    page.get_by_role("textbox", name="Reason").fill("it is not finished")
    page.get_by_role("button", name="Deny").click()
    expect(answered(page, "I have not published it")).to_have_count(1)
    page.reload()  # the verdict is in the log, and not of this page
    expect(page.get_by_text("You have denied this.")).to_contain_text("it is not finished")
    say(page, "publish it now")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    other = open_page(javascript=True)  # another browser, on the same chat
    other.goto(page.url)
    expect(other.get_by_role("button", name="Deny")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(answered(page, "so it stays here")).to_have_count(1)
    shoot(page, "approved")
    other.get_by_role("button", name="Deny").click()
    expect(answered(other, "so it stays here")).to_have_count(1)
    expect(other.get_by_text("You have approved this.")).to_be_visible()
    expect(other.get_by_role("alert")).to_contain_text("it was given before, or comes too late.")
    shoot(other, "too-late")


def test_a_sleep_is_ended_and_another_one_stopped(
    agent: str, open_page: OpenPage, shoot: Shoot
) -> None:
    page = open_page(theme="dark", javascript=True)
    page.goto(agent)
    say(page, "wait 9 hours and check it")
    page.get_by_role("button", name="Wake now").click()  # perhaps before the sleep is recorded
    expect(answered(page, "There is no app yet")).to_have_count(1)
    expect(page.get_by_role("group", name="Sleep")).to_contain_text("Slept")
    say(page, "wait 7 days and check it")
    expect(answered(page, "I sleep for 7 days.")).to_have_count(1)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"6 d 23 h|7 d 0 h"))
    wakes = page.get_by_role("group", name="Sleep").last.locator("time")
    expect(wakes).to_have_text(re.compile(r"^\w{3}, \w{3} \d+, \d+:\d\d [AP]M$"))
    shoot(page, "sleep")
    assert grave(page) == []
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_role("timer")).to_have_count(0)
    page.reload()
    heard = page.locator("p[role=status].unseen")
    expect(heard).to_have_text(re.compile(r"^Answer: I sleep for 7 days\."))
    say(page, "hello")
    expect(answered(page, "I am a script, not a language model")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chats_and_the_theme_on_a_phone(
    agent: str, open_page: OpenPage, shoot: Shoot, theme: Literal["light", "dark"]
) -> None:
    page = open_page(theme=theme, javascript=True)
    page.goto(agent)
    expect(page.get_by_role("heading", name="What shall I build?")).to_be_visible()
    label = page.get_by_text("a script, not a language model", exact=True)
    assert label.evaluate("one => one.scrollWidth <= one.clientWidth")
    shoot(page, "welcome")
    assert grave(page) == []
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Chats", exact=True).click()
    expect(page.get_by_role("button", name="New app")).to_be_focused()
    shoot(page, "chats")
    assert grave(page) == []


def say(page: Page, text: str) -> None:
    """As one types it."""
    box = page.get_by_role("textbox", name="Message")
    box.fill(text)
    for _ in range(20):  # while the page looks whether an answer is under way, it keeps the text
        expect(page.get_by_role("button", name="Send")).to_be_enabled()
        box.press("Enter")
        if box.input_value() != text:
            return
    pytest.fail(f"{text!r} is not sent")


def answered(page: Page, text: str) -> Locator:
    """Where the agent has said it."""
    return page.locator(".answer").get_by_text(text)


def grave(page: Page) -> list[tuple[str, list[str]]]:
    """What axe says that nobody may leave as it is."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", OPTIONS)
    return [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
