"""The web UI on real runs: a server with its worker, the pages in front of its API, a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import row_of
from tests.browser.web_site import Shoot, Site, serious, served, shooting
from tests.http.servers import LIMIT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that has the workflows and a worker."""
    with served(tmp_path_factory.mktemp("web"), "web_flows.py") as there:
        yield there


@pytest.fixture(scope="module")
def pages(site: Site) -> Iterator[str]:
    """Where the pages are."""
    with site.pages() as url:
        yield url


@pytest.fixture(scope="module")
def order(site: Site) -> str:
    """A run that has retried, and waits for a person."""
    run_id = site.start("web.order", {"pieces": 3})
    site.become(run_id, "suspended")
    return run_id


@pytest.fixture
def shoot(request: pytest.FixtureRequest, tmp_path: Path) -> Shoot:
    """Keeps what pages look like."""
    return shooting(request.config.cache, tmp_path)


def test_new_runs_appear_by_themselves(
    site: Site, pages: str, order: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs?workflow=web.parcel")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    run_id = site.start("web.parcel", {"street": "Hill Road", "city": "Rome"})
    row = page.locator("tbody tr", has=page.get_by_role("link", name=run_id[-8:]))
    expect(row.locator(".badge")).to_have_text("completed")
    page.goto(f"{pages}runs?status=suspended&workflow=web.order")
    expect(page.locator("tbody .waits")).to_contain_text("hook served.py:")
    page.locator(".chip.failed").click()
    expect(page).to_have_url(f"{pages}runs?workflow=web.order&status=suspended&status=failed")
    page.get_by_role("link", name=order[-8:]).click()
    expect(page).to_have_url(f"{pages}runs/{order}")
    page.go_back()
    expect(page.get_by_role("link", name=order[-8:])).to_be_visible()


def test_a_timeline_grows_while_it_is_looked_at(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.slow", 3)
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    expect(page.get_by_text("Waiting for", exact=True)).to_be_visible()
    rows = page.get_by_role("treeitem")
    expect(rows).to_have_count(2)
    for there in (4, 6, 7):
        site.resume(run_id, 0)
        expect(rows).to_have_count(there)
    expect(page.locator(".run-head .badge")).to_have_text("completed")


def test_a_person_resumes_by_the_form_of_the_schema(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.order", {"pieces": 2})
    site.become(run_id, "suspended")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    page.get_by_role("treeitem", name="attempt 1 step, failed").click()
    expect(page.locator(".panel .trouble")).to_contain_text("the warehouse did not answer")
    bar = page.get_by_role("treeitem", name="attempt 1 step, failed").locator(".stretch")
    skip = page.get_by_role("button", name="skip waits")
    expect(skip).to_have_attribute("aria-pressed", "true", timeout=LIMIT * 1000)
    wide = width_of(bar)
    skip.click()
    assert width_of(bar) < wide / 2, "beside the wait for a person it is narrow"
    skip.click()
    page.get_by_role("treeitem", name="hook hook, waiting").click()
    page.get_by_label("Approved").check()
    page.get_by_label("Reason").fill("<b>kind</b>")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    received = page.get_by_role("complementary").get_by_text("<b>kind</b>")
    expect(received).to_be_visible()


def test_a_form_keeps_long_numbers_and_has_itself_in_it(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id, number = "-order #17, 100 % ?", 2**53 + 1
    body = {"workflow": "web.travel", "args": [number], "run_id": run_id}
    site.client.post("/runs", json=body).raise_for_status()
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs?workflow=web.travel")
    page.get_by_role("link", name=run_id).click()
    shown = page.get_by_role("button", name="Copy command")
    expect(shown).to_have_attribute("title", f"outlast show -- '{run_id}'")
    panel = page.get_by_role("complementary")
    expect(panel.locator(".payload").first).to_contain_text(str(number))
    page.get_by_role("button", name="Answer…").click()
    panel.get_by_label("Miles").fill(str(number))
    panel.get_by_label("Hours").clear()
    panel.get_by_label("Hours").press_sequentially("0.05")
    panel.get_by_role("checkbox", name="onward").check()
    panel.get_by_label("Miles").nth(1).fill("2")
    panel.get_by_label("Fast").nth(1).select_option("true")
    panel.get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    answer = site.client.get(f"/runs/{quote(run_id)}/events").json()["events"][-1]["data"]
    inner = {"miles": 2, "hours": 1.5, "fast": True, "onward": None}
    leg = {"miles": number, "hours": 0.05, "fast": None, "onward": inner}
    assert answer["result"] == {"ticket": number, "leg": leg}
    page.goto(f"{pages}runs/100%")
    expect(page.get_by_role("alert")).to_contain_text("there is no run '100%'")


def test_more_waits_than_a_run_tells_are_not_counted(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.nap", "3 days", 21)
    site.become(run_id, "suspended")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs?text={run_id}")
    expect(page.locator("tbody tr")).to_contain_text("+19 or more")
    page.get_by_role("link", name=run_id[-8:]).click()
    expect(page.get_by_text("20 rows, and perhaps more that it waits for")).to_be_visible()
    expect(page.get_by_label("Now")).to_contain_text("and 16 or more")


def test_a_long_error_of_a_group_says_what_it_began_with(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.spills", 30_000)
    site.become(run_id, "failed")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    expect(page.get_by_label("Now")).to_contain_text("It began with OSError the disk is full")
    trouble = page.get_by_role("complementary").locator(".trouble")
    expect(trouble.first).to_contain_text("in it StepFailedError")
    expect(trouble.last).to_contain_text("caused by OSError the disk is full")
    page.get_by_role("link", name="streams").click()
    page.get_by_role("button", name="text").click()
    expect(page.locator(".plain")).to_have_text("grün")


def test_an_address_leads_to_an_event_far_down_in_the_log(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.long", 200)
    site.become(run_id, "completed")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}?tab=events&at=190")
    expect(page.locator(".event.selected")).to_be_in_viewport()


def test_the_stream_of_an_agent_is_a_conversation(
    pages: str, order: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{order}?tab=streams")
    expect(page.locator(".said")).to_have_text("Your order is paid for.")
    expect(page.locator(".call")).to_contain_text("<img src=x>")


def test_a_stretch_of_time_stays_while_the_run_grows(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = site.start("web.slow", 8)
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    rows = page.get_by_role("treeitem")
    expect(rows).to_have_count(2)

    def grow(steps: int) -> None:
        for _ in range(steps):
            number = rows.count()
            site.resume(run_id, number)
            expect(rows).to_have_count(number + 2)

    grow(4)
    rows.nth(4).dblclick()
    bar = rows.nth(4).locator(".stretch")
    expect(page.get_by_role("button", name="Fit")).to_be_enabled()
    place = bar.bounding_box()
    grow(3)
    moved = bar.bounding_box()
    assert place is not None
    assert moved is not None
    assert moved["x"] == pytest.approx(place["x"], abs=2)


def test_a_workflow_starts_from_its_form(pages: str, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}workflows")
    card = page.locator(".card", has=page.get_by_role("link", name="web.long"))
    card.get_by_role("button", name="Start…").click()
    card.get_by_label("Steps").fill("3")
    card.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".run-head .badge")).to_have_text("completed")
    expect(page.get_by_role("treeitem")).to_have_count(4)


def test_a_connection_that_was_cut_comes_back(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    first = site.start("web.nap")
    with site.pages() as url:
        page.goto(f"{url}runs?workflow=web.nap&status=suspended")
        expect(row_of(page, first)).to_be_visible()
    expect(page.get_by_text("Disconnected")).to_be_visible()
    expect(row_of(page, first)).to_be_visible()
    site.client.post(f"/runs/{first}/cancel", json={}).raise_for_status()
    second = site.start("web.nap")
    site.become(second, "suspended")
    with site.pages(port=httpx.URL(url).port or 0):
        expect(row_of(page, second)).to_be_visible()
        expect(row_of(page, first)).to_have_count(0)
        expect(page.get_by_text("Disconnected")).to_have_count(0)


def test_who_only_looks_is_shown_no_button_that_acts(
    site: Site, order: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    with site.pages("--read-only") as url:
        page.goto(f"{url}runs/{order}")
        expect(page.get_by_text("read only")).to_be_visible()
        expect(page.get_by_text("Waiting for", exact=True)).to_be_visible()
        assert page.get_by_role("button", name="Cancel…").count() == 0
        page.goto(f"{url}workflows")
        expect(page.get_by_role("link", name="web.nap")).to_be_visible()
        assert page.get_by_role("button", name="Start…").count() == 0


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_serious(
    pages: str,
    order: str,
    open_page: OpenPage,
    shoot: Shoot,
    theme: Literal["light", "dark"],
    width: int,
) -> None:
    """In each page, and in what is opened there."""
    page = open_page(width=width, theme=theme, javascript=True)
    opened = {
        "workers": ("h1",),
        "workflows": (".card:has(a:text-is('web.order')) .act button",),
        "hooks": (".card .fold",),
        "runs": ("tbody .pick input", ".bulk button"),
    }
    for path, presses in opened.items():
        page.goto(pages + path)
        expect(page.locator("tbody tr, .card").first).to_be_visible()
        shoot(page, f"{path}-{theme}-{width}")
        for number, press in enumerate(presses, 1):
            page.locator(press).first.click()
            shoot(page, f"{path}-open-{number}-{theme}-{width}")
            assert serious(page) == [], press
    expect(page.get_by_role("dialog")).to_be_visible()


def width_of(bar: Locator) -> float:
    """In pixels."""
    box = bar.bounding_box()
    assert box is not None
    return box["width"]
