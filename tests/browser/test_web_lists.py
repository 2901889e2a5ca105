"""The table of runs and the page of hooks: filters, pages, keys, many at once, and rows that keep still."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import KINDS, Looked, looked_at, row_of
from tests.postgres import Postgres

PAGE = 50
"""So many runs are on a page."""


@pytest.fixture(scope="module", params=KINDS)
def looked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[Looked]:
    """A world with a run that waits for a person, one that has failed, and some more than a page that sleep."""
    with looked_at(request.param, tmp_path_factory.mktemp("web"), postgres) as there:
        site = there.site
        first = site.start("web.order", {"pieces": 1, "id": "A-1"})
        failed = site.start("web.order", {"pieces": 60, "id": "A-2"})
        for _ in range(PAGE + 2):
            site.start("web.nap")
        site.become(first, "suspended")
        site.become(failed, "failed")
        yield there


def test_filters_are_in_the_address(looked: Looked, open_page: OpenPage) -> None:
    site, url, _ = looked
    version = site.client.get("/runs?limit=1").json()["runs"][0]["version"]
    page = open_page(width=1280, javascript=True)
    rows = page.locator("tbody tr")

    def found(query: str, expected: int) -> None:
        page.goto(f"{url}runs?{query}")
        expect(rows).to_have_count(expected)

    found("status=failed", 1)
    expect(page.locator(".chip.failed")).to_have_attribute("aria-pressed", "true")
    found("workflow=web.order", 2)
    expect(page.get_by_label("Workflow", exact=True)).to_have_value("web.order")
    found("attribute=order%3DA-1&attribute=customer%3Dada", 1)
    expect(page.get_by_label("Attribute")).to_have_count(2)
    found(f"version={version}&status=failed", 1)
    found("text=a-2", 1)
    found("workflow=web.order&from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z", 2)
    begin = page.get_by_label("From")
    expect(begin).to_have_value("2020-01-01T00:00")
    begin.press_sequentially("05152021030405AM")
    begin.press("Enter")
    expect(begin).to_have_value("2021-05-15T03:04:05")
    expect(page).to_have_url(re.compile(r"from=2021-05-1\d.*&to=2030|to=2030.*&from=2021-05-1"))
    found("workflow=web.order&within=1h&sort=created", 2)
    expect(rows.first).to_contain_text("A-1")
    page.get_by_role("button", name="Started").click()
    expect(rows.first).to_contain_text("A-2")
    expect(page).to_have_url(f"{url}runs?workflow=web.order&within=1h")
    page.go_back()
    expect(rows.first).to_contain_text("A-1")
    page.locator(".chart g").last.click()
    expect(page).to_have_url(re.compile(r"\?workflow=web\.order&sort=created&from=20.*&to=20"))
    expect(page.get_by_label("Started within")).to_have_value("between")
    page.goto(f"{url}runs?version=nobody")
    page.get_by_role("link", name="Show all").click()
    expect(rows).to_have_count(PAGE)


def test_what_is_typed_counts_and_is_kept(looked: Looked, open_page: OpenPage) -> None:
    site, url, _ = looked
    page = open_page(width=1280, javascript=True)
    page.goto(f"{url}runs?workflow=web.parcel")
    attribute = page.get_by_label("Attribute")
    attribute.press_sequentially("order=")
    new = site.start("web.parcel", {"street": "Hill Road", "city": "Rome"})
    expect(row_of(page, new)).to_be_visible()
    attribute.press_sequentially("A-3")
    expect(attribute).to_have_value("order=A-3")
    attribute.press("Enter")
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    expect(page).to_have_url(f"{url}runs?workflow=web.parcel&attribute=order%3DA-3")
    page.get_by_role("link", name="Clear filters").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("web ")
    expect(page).to_have_url(f"{url}runs?text=web")
    page.keyboard.type("nap")
    expect(page.get_by_label("Find runs")).to_have_value("web nap")
    page.keyboard.press("Control+A")
    page.keyboard.type(new)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}runs/{new}")


def test_pages_follow_one_another_and_are_exported(looked: Looked, open_page: OpenPage) -> None:
    _, url, _ = looked
    page = open_page(width=1280, javascript=True)
    page.goto(f"{url}runs?workflow=web.nap")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(PAGE)
    newest = rows.first.get_by_role("link").get_attribute("title")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Export").click()
    exported = json.loads(Path(downloaded.value.path()).read_bytes())
    assert [len(exported), exported[0]["id"]] == [PAGE, newest]
    rows.nth(40).get_by_role("link").click()
    expect(page.locator(".run-head")).to_be_visible()
    page.go_back()
    expect(rows.nth(40)).to_be_in_viewport()
    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_text("These are all.")).to_be_visible()
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Newest").click()
    expect(rows).to_have_count(PAGE)
    expect(page).to_have_url(f"{url}runs?workflow=web.nap")


def test_times_are_those_of_the_server(looked: Looked, open_page: OpenPage) -> None:
    site, url, _ = looked
    page = open_page(width=1280, javascript=True)
    page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=5))
    page.goto(f"{url}runs?within=1h")
    started = row_of(page, site.start("web.parcel", {"street": "Way", "city": "Rome"})).locator(
        "time"
    )
    expect(started).to_have_text(re.compile(r"^(now|\d+ s ago)$"))
    started.hover()
    expect(started).to_have_attribute("title", re.compile(r"20\d\d.*\.\d{3}"))


def test_rows_keep_still_under_the_pointer(looked: Looked, open_page: OpenPage) -> None:
    site, url, _ = looked
    page = open_page(width=1280, javascript=True)
    page.goto(f"{url}runs?workflow=web.parcel&workflow=web.slow")
    first = site.start("web.slow", 1)
    row = row_of(page, first)
    expect(row.locator(".badge")).to_have_text("suspended")
    row.hover()
    place = row.bounding_box()
    second = site.start("web.slow", 1)
    expect(page.get_by_role("button", name="1 new run: show")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 new run")).to_have_count(1)
    site.resume(first, 0)
    expect(row.locator(".badge")).to_have_text("completed")
    assert row.bounding_box() == place, "it changes where it stands"
    page.mouse.move(5, 5)
    expect(row_of(page, second)).to_be_visible()
    assert page.locator("tbody tr").first.get_by_role("link").get_attribute("title") == second


def test_all_is_done_by_keys(looked: Looked, open_page: OpenPage) -> None:
    """Runs are found, marked, selected, cancelled, run again and opened without a mouse."""
    site, url, _ = looked
    page = open_page(width=1280, javascript=True)
    page.goto(f"{url}runs?workflow=web.long&status=completed&status=cancelled")
    rows = page.locator("tbody tr")
    expect(page.get_by_role("heading", name="No run is like that")).to_be_visible()
    for _ in range(2):
        site.start("web.long", 1)
    expect(rows).to_have_count(2)
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.route("**/feed?*workflow=nobody*", lambda _: None)
    workflow = page.get_by_label("Workflow", exact=True)
    workflow.fill("nobody")
    workflow.press("Enter")
    expect(page.locator("[aria-busy=true]")).to_be_visible()
    page.unroute_all()
    workflow.fill("web.parcel")
    workflow.press("Enter")
    expect(page.get_by_text("2 selected, 2 not in sight")).to_be_visible()
    workflow.fill("web.long")
    workflow.press("Enter")
    expect(page.get_by_text("2 selected", exact=True)).to_be_visible()
    tab_to(page, "Run them again")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 runs started again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("x")
    tab_to(page, "Cancel them…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close").press("Enter")
    expect(page.get_by_role("button", name="Cancel them…")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Reason")
    page.keyboard.type("no need")
    page.keyboard.press("Enter")
    expect(page.get_by_text("0 runs told to stop, 1 run over already")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("j", "j", "k", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".run-head .badge")).to_have_text("completed")


def test_hooks_show_their_tokens_the_oldest_first(looked: Looked, open_page: OpenPage) -> None:
    site, url, _ = looked
    run_id = site.start("web.slow", 1)
    site.become(run_id, "suspended")
    token = site.client.get(f"/hooks?run={run_id}").json()["hooks"][0]["token"]
    page = open_page(width=1280, javascript=True)
    page.goto(f"{url}hooks")
    cards = page.locator(".card")
    expect(cards.first).to_contain_text("A-1")
    expect(cards.last.locator("code")).to_have_text(token)
    cards.last.get_by_role("button", expanded=False).focus()
    page.keyboard.press("Enter")
    tab_to(page, "Payload")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(cards.last).to_contain_text("waits no more")
    site.become(run_id, "completed")


def tab_to(page: Page, name: str) -> None:
    """By the Tab key alone, to the element of this name or label."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if name in page.evaluate(FOCUSED):
            return
    pytest.fail(f"{name!r} is not reached by the keyboard")


FOCUSED = """() => {
    const at = document.activeElement;
    if (at === document.body) return "";
    return [at.textContent, at.getAttribute("aria-label"), ...[...at.labels ?? []].map(one => one.textContent)].join("|");
}"""
