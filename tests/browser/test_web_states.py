"""The web UI in an app of one's own: tokens and what they may do, and pages that are empty, wait, or have trouble."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import asked_elsewhere
from tests.browser.web_site import Shoot, serious, shooting
from tests.programs import Program, Start

OPERATE = "operate-" + "0123456789abcdef"
READ = "read-" + "0123456789abcdef"


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it is."""
    script = Path(__file__).with_name("web_mounted.py")
    tokens = f"operate:{OPERATE},read:{READ}"
    start = Start(
        (str(script),),
        tmp_path_factory.mktemp("mounted"),
        os.environ | {"OUTLAST_HTTP_TOKENS": tokens},
    )
    with Program(start, stderr=subprocess.DEVNULL) as program:
        assert program.stdout is not None
        yield program.stdout.readline().strip()


@pytest.fixture
def shoot(request: pytest.FixtureRequest, tmp_path: Path) -> Shoot:
    """Keeps what pages look like."""
    return shooting(request.config.cache, tmp_path)


def test_a_token_is_asked_for_and_decides(mounted: str, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    elsewhere = asked_elsewhere(page, mounted)
    page.goto(f"{mounted}workflows")
    enter(page, "wrong-0123456789abcdef")
    expect(page.get_by_role("alert")).to_contain_text("is not among them")
    enter(page, READ)
    card = page.locator(".card", has=page.get_by_role("link", name="mounted.greet"))
    expect(card).to_be_visible()
    expect(page.get_by_text("read only")).to_be_visible()
    assert page.get_by_role("button", name="Start…").count() == 0
    page.get_by_role("link", name="Hooks").click()
    expect(page.get_by_role("heading", name="Hooks are not shown here")).to_be_visible()
    page.get_by_role("button", name="Forget token").click()
    enter(page, OPERATE)
    page.get_by_role("link", name="Workflows").click()
    card.get_by_role("button", name="Start…").click()
    card.get_by_label("Name").fill("<b>Ada</b>")
    card.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    run = page.url
    assert run.startswith(f"{mounted}runs/")
    page.reload()
    expect(page.get_by_text("Hello, <b>Ada</b>!")).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    page.get_by_role("button", name="Forget token").click()
    enter(page, READ)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.goto(run)
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    assert page.get_by_role("button", name="Rerun…").count() == 0
    assert elsewhere == [], "nothing is asked for outside of where it is mounted"


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 390), pytest.param("dark", 1280, marks=pytest.mark.slow)]
)
def test_each_state_of_a_page_is_told(
    mounted: str,
    open_page: OpenPage,
    shoot: Shoot,
    theme: Literal["light", "dark"],
    width: int,
) -> None:
    page = open_page(width=width, theme=theme, javascript=True)

    def looks(name: str) -> None:
        assert serious(page) == [], name
        shoot(page, f"{name}-{theme}-{width}")

    page.goto(mounted)
    expect(page.get_by_role("heading", name="A token is needed")).to_be_visible()
    looks("token")
    enter(page, OPERATE)
    expect(page.locator("tbody tr, .empty").first).to_be_visible()
    page.route("**/api/v1/hooks*", lambda route: route.fulfill(json=NO_HOOKS))
    page.route("**/api/v1/workers", lambda route: route.fulfill(json={"workers": []}))
    for path, said in EMPTY.items():
        page.goto(mounted + path)
        expect(page.get_by_role("heading", name=said)).to_be_visible()
        looks(f"empty-{path.partition('?')[0]}")
    page.unroute_all()
    page.route("**/api/v1/**", lambda _: None)
    page.goto(f"{mounted}workers")
    expect(page.locator(".loading")).to_be_visible()
    looks("loading")
    page.unroute_all()
    page.route("**/api/v1/work*", broken)
    page.goto(f"{mounted}workers")
    expect(page.get_by_role("alert")).to_contain_text("the disk is full")
    looks("error")
    page.unroute_all()
    page.route("**/api/v1/**", away)
    page.goto(f"{mounted}workflows")
    expect(page.locator(".offline")).to_contain_text("nobody is at home")
    expect(page.get_by_role("heading", name="No answer")).to_be_visible()
    looks("disconnected")
    page.unroute_all()
    expect(page.get_by_role("link", name="mounted.greet")).to_be_visible()
    expect(page.locator(".offline")).to_have_count(0)


def enter(page: Page, token: str) -> None:
    """Give a token to the form."""
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Enter").click()


def broken(route: Route) -> None:
    """An answer that is an error."""
    problem = {"title": "Internal Server Error", "status": 500, "detail": "the disk is full"}
    route.fulfill(status=500, json=problem)


def away(route: Route) -> None:
    """The database is away."""
    problem = {"title": "Service Unavailable", "status": 503, "detail": "nobody is at home"}
    route.fulfill(status=503, json=problem)


NO_HOOKS: dict[str, object] = {"hooks": [], "cursor": None}
EMPTY = {
    "runs?workflow=nobody": "No run is like that",
    "hooks": "Nothing waits for the outside",
    "workers": "No worker",
    "nothing": "There is no such page",
}
