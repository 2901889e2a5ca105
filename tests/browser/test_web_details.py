"""What is easily drawn badly in the web UI: long names, bytes, late starts, buttons that are pressed twice, hidden tabs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_details import LONG
from tests.browser.web_site import Site, served

LONG_ID = "w" * 200


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a run whose name and id are as long as they can be."""
    with served(tmp_path_factory.mktemp("details"), "web_details.py") as there:
        body = {
            "workflow": LONG,
            "run_id": LONG_ID,
            "attributes": {"tenant": "of a long name " * 3},
        }
        there.client.post("/runs", json=body).raise_for_status()
        there.become(LONG_ID, "completed")
        yield there


@pytest.fixture(scope="module")
def pages(site: Site) -> Iterator[str]:
    """Where the pages are."""
    with site.pages() as url:
        yield url


@pytest.mark.parametrize("width", [1280, 1010, 390])
def test_a_long_name_and_a_long_id_stay_inside_the_page(
    pages: str, open_page: OpenPage, width: int
) -> None:
    page = open_page(width=width, javascript=True)
    page.goto(f"{pages}runs")
    expect(page.get_by_role("link", name=LONG_ID)).to_be_visible()
    assert beyond(page) <= 0
    page.goto(f"{pages}runs/{LONG_ID}")
    expect(page.get_by_role("heading", name=LONG).first).to_be_visible()
    assert beyond(page) <= 0


def beyond(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wider


def test_a_run_that_begins_later_says_when(site: Site, pages: str, open_page: OpenPage) -> None:
    body = {"workflow": "web.waits", "delay": "90 minutes"}
    site.client.post("/runs", json=body).raise_for_status()
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs?status=pending")
    expect(page.locator("tbody .waits")).to_have_text("begins in 1 h")


def test_a_retry_is_told_as_a_sentence(site: Site, pages: str, open_page: OpenPage) -> None:
    run_id = site.start("web.retries")
    site.become(run_id, "suspended")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    expect(page.locator(".now")).to_contain_text("web.again, retried in")


def test_the_chunks_of_a_stream_that_is_over_begin_at_the_first(
    pages: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{LONG_ID}?tab=streams&stream=numbers")
    expect(page.get_by_text("over", exact=True)).to_be_visible()
    expect(page.locator(".chunk").first).to_have_text('0{"number":0}')
    page.get_by_role("button", name="raw").click()
    expect(page.locator(".chunk")).to_have_text("03 bytes 00 01 ff")


def test_waits_that_are_skipped_stay_skipped_while_it_works(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.waits")
    site.become(run_id, "suspended")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    skip = page.get_by_role("button", name="skip waits")
    expect(skip).to_have_attribute("aria-pressed", "true")
    site.resume(run_id, payload=True)
    expect(page.get_by_role("treeitem", name="web.work step, completed")).to_be_visible()
    assert skip.get_attribute("aria-pressed") == "true", "though it has worked for most of its time"


def test_start_that_is_pressed_twice_starts_one_run(pages: str, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    held: list[Route] = []
    page.route(lambda url: url.endswith("/api/v1/runs"), lambda route: held.append(route))
    page.goto(f"{pages}workflows")
    card = page.locator(".card", has=page.get_by_role("link", name="web.retries"))
    card.get_by_role("button", name="Start…").click()
    start = card.get_by_role("button", name="Start", exact=True)
    start.dblclick()
    expect(start).to_be_disabled()
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator(".run-head")).to_contain_text("web.retries")


def test_what_nobody_answered_in_a_hidden_tab_is_asked_for_when_it_is_seen(
    pages: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.clock.install()
    page.route("**/source", lambda route: route.abort())
    page.goto(f"{pages}runs/{LONG_ID}?tab=code")
    expect(page.get_by_role("heading", name="No answer")).to_be_visible()
    look(page, hidden=True)
    page.clock.run_for(5000)
    page.unroute("**/source")
    look(page, hidden=False)
    expect(page.locator(".code")).to_contain_text("long_name")


def look(page: Page, *, hidden: bool) -> None:
    """Turn to a tab, or away from it."""
    page.evaluate(
        "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )
