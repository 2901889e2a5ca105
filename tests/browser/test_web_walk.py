"""A walk over all pages of the web UI and the main actions, on each world and through a remote API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import Looked, asked_elsewhere, looked_at, row_of
from tests.postgres import Postgres


# Other tests look at SQLite.
@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), "postgres", "remote"])
def looked(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> Iterator[Looked]:
    """Each of them."""
    with looked_at(request.param, tmp_path, postgres) as there:
        yield there


def test_all_pages_and_actions(looked: Looked, open_page: OpenPage) -> None:
    site, url, startable = looked
    page = open_page(width=1280, javascript=True)
    elsewhere = asked_elsewhere(page, url)
    page.goto(url)
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    order = site.start("web.order", {"pieces": 2})
    expect(row_of(page, order).locator(".badge")).to_have_text("suspended")
    nap = site.start("web.nap")
    look_around(page, order)
    resume_at_hooks(page, order)
    cancel_in_table(page, nap)
    page.get_by_role("link", name="Workflows").click()
    card = page.locator(".card", has=page.get_by_role("link", name="web.order", exact=True))
    expect(card.locator(".figures")).to_contain_text("completed100 %")
    if startable:
        start_from_form(page)
    else:
        expect(card).to_contain_text("Started elsewhere")
    assert elsewhere == [], "no request leaves the machine"


def look_around(page: Page, order: str) -> None:
    """From the table to a run, its views, and to the workers."""
    page.get_by_role("link", name=order[-8:]).click()
    expect(page.locator(".run-head .badge")).to_have_text("suspended")
    expect(page.get_by_role("treeitem").first).to_be_visible()
    for view, there in (("events", ".event"), ("streams", ".said"), ("code", ".code .here")):
        page.get_by_role("link", name=view, exact=True).click()
        expect(page.locator(there).first).to_be_visible()
    page.get_by_role("link", name="Workers").click()
    worker = page.locator("tbody tr")
    expect(worker).to_have_count(1)
    expect(worker.get_by_role("link")).to_have_text(
        ["web.long", "web.nap", "web.order", "web.parcel", "web.slow", "web.spills", "web.travel"]
    )


def resume_at_hooks(page: Page, order: str) -> None:
    """By the form of the schema."""
    page.get_by_role("link", name="Hooks").click()
    hook = page.locator(".card", has=page.get_by_role("link", name=order[-8:]))
    hook.get_by_role("button", expanded=False).click()
    hook.get_by_label("Approved").check()
    hook.get_by_role("button", name="Resume").click()
    expect(hook).to_contain_text("Recorded: the run goes on.")
    page.get_by_role("link", name="Runs").click()
    expect(row_of(page, order).locator(".badge")).to_have_text("completed")


def cancel_in_table(page: Page, run_id: str) -> None:
    """One that is selected, for a reason."""
    row_of(page, run_id).get_by_role("checkbox").check()
    page.get_by_role("button", name="Cancel them").click()
    page.get_by_label("Reason").fill("it sleeps too long")
    page.get_by_role("button", name="Cancel 1 run").click()
    expect(page.get_by_text("1 run told to stop")).to_be_visible()
    expect(row_of(page, run_id).locator(".badge")).to_have_text("cancelled")


def start_from_form(page: Page) -> None:
    """With what a run gives back."""
    card = page.locator(".card", has=page.get_by_role("link", name="web.parcel"))
    card.get_by_role("button", name="Start…").click()
    card.get_by_label("Street").fill("Hill Road 7")
    card.get_by_label("City").fill("Rome")
    card.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    expect(page.get_by_text("sent to Rome")).to_be_visible()
