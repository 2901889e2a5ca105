"""The page of a run, on real runs: what it waits for, what has failed, whom it asks, and values of all sorts.

The screenshots of the last run are in `.pytest_cache/d/web`.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.web_site import Shoot, Site, serious, served, shooting
from tests.programs import Start, run_program

pytest.importorskip("pydantic_ai")

GONE = Path(__file__).with_name("gone_flow.py")
"""A workflow that only this program has."""
OPENS = 10.0
"""Seconds within which 10,000 steps are there at the latest. Two are wanted, on a machine with nothing else to do: what
it took is told at the end of the tests."""
FRAME = 20.0
"""Milliseconds of work for a frame while they scroll: fifty frames a second. It is the processor's time, for other
tests take some of the real one."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that has the workflows and a worker."""
    with served(tmp_path_factory.mktemp("run_page"), "run_flows.py") as there:
        yield there


@pytest.fixture(scope="module")
def pages(site: Site) -> Iterator[str]:
    """Where the pages are."""
    with site.pages() as url:
        yield url


@pytest.fixture(scope="module")
def trip(site: Site) -> str:
    """A run that has failed, after a retry, branches and a sleep."""
    run_id = site.start("page.trip", {"city": "Rome", "nights": 3})
    site.become(run_id, "failed")
    return run_id


@pytest.fixture(scope="module")
def agent(site: Site) -> str:
    """The run of an agent that asks for approval."""
    return waiting(site, "page.agent", "give it back")


@pytest.fixture
def shoot(request: pytest.FixtureRequest, tmp_path: Path) -> Shoot:
    """Keeps what a page looks like."""
    cache: pytest.Cache | None = request.config.cache
    return shooting(cache, tmp_path)


def waiting(site: Site, workflow: str, *args: object) -> str:
    """A run that waits for the outside."""
    run_id = site.start(workflow, *args)
    site.become(run_id, "suspended")
    return run_id


def test_all_that_a_run_waits_for_is_told_at_the_top(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = waiting(site, "page.busy", 0.15)
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    now = page.get_by_label("Now")
    expect(now).to_contain_text("Queued page.render in nobody: no worker that is here takes")
    expect(now).to_contain_text("2 d 23 h left")
    expect(now).to_contain_text(re.compile(r"who: anybody\s*expires in 1 h 59 m"))
    queued, ran = row(page, "page.render"), row(page, "page.hold")
    expect(queued.locator(".stretch")).to_have_class("stretch step queued")
    expect(ran.locator(".stretch")).to_have_class("stretch step completed")
    panel = page.get_by_role("complementary")
    queued.click()
    expect(panel).to_have_text(re.compile("^page.render(?!.*Not recorded)"))
    panel.get_by_role("button", name="Close").press("Enter")
    expect(page.get_by_role("tree")).to_be_focused()
    now.get_by_role("button", name="sleep").click()
    expect(panel.get_by_role("button", name="Copy command")).to_have_attribute(
        "title", f"outlast wake {run_id}"
    )
    page.route("**/wake", lambda route: route.fulfill(status=409, json={"detail": "<b>no</b>"}))
    panel.get_by_role("button", name="Wake now").click()
    expect(panel.get_by_role("alert")).to_have_text("<b>no</b>")
    page.unroute_all()
    panel.get_by_role("button", name="Wake now").click()
    expect(panel).to_contain_text("woken before its time")
    page.get_by_role("tree").press("Escape")
    expect(page).to_have_url(f"{pages}runs/{run_id}")
    page.get_by_role("button", name="Cancel…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("it's <b>over</b>")
    expect(dialog.get_by_role("button", name="Copy command")).to_have_attribute(
        "title", f"outlast cancel --reason='it'\\''s <b>over</b>' {run_id}"
    )
    dialog.get_by_role("button", name="Cancel the run").click()
    expect(page.locator(".run-head .badge")).to_have_text("cancelled")
    expect(now).to_have_text("Cancelled it's <b>over</b>")


def test_sleeps_beside_a_step_are_told(site: Site, pages: str, open_page: OpenPage) -> None:
    run_id = site.start("page.busy", 3600.0)
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    now = page.get_by_label("Now")
    expect(now).to_contain_text(re.compile(r"^Running page.hold .*Waiting for sleep 2 d 23 h left"))
    page.get_by_role("button", name="Wake").click()
    row(page, "sleep").click()
    expect(page.get_by_role("complementary")).to_contain_text("woken before its time")
    expect(now).not_to_contain_text("sleep")
    site.client.post(f"/runs/{run_id}/cancel", json={}).raise_for_status()
    expect(page.locator(".run-head .badge")).to_have_text("cancelled")


def test_what_happened_around_a_failure_is_seen_at_once(
    pages: str, trip: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{trip}")
    now = page.get_by_label("Now")
    expect(now).to_contain_text("It began with ValueError the card was declined in <Rome>")
    now.get_by_role("button", name="Go to the failure").click()
    expect(page).to_have_url(re.compile("row=page.book"))
    panel = page.get_by_role("complementary")
    expect(panel.locator(".source").first).to_contain_text("raise RuntimeError(")
    expect(panel.locator(".source").nth(1)).to_contain_text("in pay")
    expect(panel.locator(".attempts li")).to_have_count(2)
    expect(panel.locator(".attempts")).to_contain_text(re.compile("on worker_"))
    expect(panel.locator(".around li")).to_have_text(
        [
            re.compile("rate"),
            re.compile("search"),
            re.compile("sleep"),
            re.compile("book.*RuntimeError"),
        ]
    )
    panel.get_by_role("button", name="sleep").click()
    expect(row(page, "sleep")).to_have_attribute("aria-selected", "true")
    panel.get_by_role("button", name=re.compile("wait_completed")).click()
    expect(page.locator(".event.selected")).to_contain_text("wait completed")
    page.get_by_role("link", name="code").click()
    expect(page.locator(".code .failed")).to_contain_text("return await book(plan.city)")


def test_branches_nest_and_every_bar_has_a_name(pages: str, trip: str, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{trip}")
    branch = row(page, "branch 3")
    expect(branch).to_have_attribute("aria-level", "2")
    inner = row(page, "page.rate").first
    expect(inner).to_have_attribute("aria-level", "3")
    expect(inner.locator(".label")).to_have_text("page.rate")
    expect(inner.locator(".hint")).to_have_text("Rome 0")
    expect(inner.locator(".took")).to_have_text(re.compile(r"\d (µs|ms)"))
    tree, rows = page.get_by_role("tree"), page.get_by_role("treeitem")
    everything = rows.count()
    branch.click()
    tree.press("ArrowLeft")
    expect(rows).to_have_count(everything - 4)
    tree.press("ArrowRight")
    expect(rows).to_have_count(everything)
    fit, bar = page.get_by_role("button", name="Fit"), inner.locator(".stretch")
    expect(fit).to_be_disabled()
    narrow = width_of(bar)
    map_of_time = page.locator(".minimap").bounding_box()
    assert map_of_time is not None
    left, top = map_of_time["x"], map_of_time["y"] + 20
    page.mouse.move(left + map_of_time["width"] * 0.1, top)
    page.mouse.down()
    page.mouse.move(left + map_of_time["width"] * 0.3, top, steps=3)
    page.mouse.up()
    expect(fit).to_be_enabled()
    tree.press("w")
    tree.press("0")
    expect(fit).to_be_disabled()
    page.mouse.move(left + 100, top + 100)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(fit).to_be_enabled()
    fit.click()
    inner.dblclick()
    assert width_of(bar) > max(narrow * 5, 100), "a double click shows the bar as wide as it can be"
    page.get_by_role("button", name=re.compile("errors")).click()
    expect(rows).to_have_count(7)


def test_a_run_is_run_again_with_the_same_input_or_another(
    site: Site, pages: str, trip: str, open_page: OpenPage
) -> None:
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{trip}")
    page.get_by_role("button", name="Rerun…").click()
    dialog = page.get_by_role("dialog")
    command = dialog.get_by_role("button", name="Copy command").get_attribute("title")
    assert command == (
        "curl -X POST -H 'Content-Type: application/json' -d '{}' "
        f"{pages}api/v1/runs/{trip}/rerun"
    )
    dialog.get_by_role("button", name="Start").click()
    expect(page).not_to_have_url(re.compile(trip))
    expect(page.get_by_label("Now")).to_contain_text("declined in <Rome>")
    page.get_by_role("button", name="Rerun…").click()
    dialog.get_by_label("Edit the input").check()
    field = dialog.get_by_label("Input", exact=True)
    given = json.loads(field.input_value())
    assert given == {"args": [{"city": "Rome", "nights": 3}], "kwargs": {}}
    given["args"][0]["nights"] = 99
    field.fill(json.dumps(given))
    dialog.get_by_role("button", name="Start").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nights")
    given["args"][0] |= {"nights": 1, "city": "Oslo"}
    field.fill(json.dumps(given))
    dialog.get_by_role("button", name="Start").click()
    expect(page.get_by_label("Now")).to_contain_text("declined in <Oslo>")


def test_children_are_a_tree(site: Site, pages: str, open_page: OpenPage) -> None:
    run_id = waiting(site, "page.family", 2)
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    page.get_by_role("button", name="5 runs in its tree").click()
    lines = page.locator(".tree li")
    expect(lines).to_have_count(5)
    leaf = lines.filter(has_text="page.leaf").filter(has_text="failed")
    leaf.get_by_role("link").click()
    expect(page.get_by_role("heading", name="page.leaf", level=1)).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("child of")
    page.get_by_role("button", name="3 runs in its tree").click()
    expect(page.locator(".tree b")).to_have_text("page.leaf")


def test_an_agents_events_read_as_a_conversation_and_are_approved_there(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = waiting(site, "page.agent", "give it back")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}?tab=streams")
    expect(page.get_by_label("Now")).to_contain_text(
        "an approval to call refund customer: ada, cents: 1200"
    )
    talk = page.get_by_role("region", name="Conversation")
    expect(talk).to_contain_text("She has paid twice.")
    call = talk.get_by_role("group", name="Call of refund")
    expect(call).to_contain_text("waits for an approval")
    call.get_by_role("button", name="Approve").click()
    expect(talk.locator(".said").last).to_have_text("That is done.")
    expect(call).to_contain_text("1200 to ada")
    expect(call).to_contain_text("approved")
    expect(call.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator(".run-head .badge")).to_have_text("completed")


def test_a_call_in_a_message_is_denied_with_a_reason(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = waiting(site, "page.chat")
    with site.pages("--read-only") as url:
        page = open_page(width=390, javascript=True)
        page.goto(f"{url}runs/{run_id}?tab=streams")
        expect(page.get_by_text("waits for an approval")).to_be_visible()
        expect(page.get_by_role("button", name="Deny")).to_have_count(0)
    page = open_page(width=390, javascript=True)
    page.goto(f"{pages}runs/{run_id}?tab=streams")
    call = page.get_by_role("group", name="Call of delete")
    expect(call).to_contain_text("<b>all</b>")
    call.get_by_label("Reason").fill("we need it")
    call.get_by_role("button", name="Deny").click()
    expect(call).to_contain_text("denied")
    expect(call).to_contain_text("we need it")
    expect(page.locator(".run-head .badge")).to_have_text("completed")


def test_tokens_read_as_a_text(site: Site, pages: str, open_page: OpenPage) -> None:
    page = open_page(width=1280, javascript=True)
    for said in ("从前有一天", "Once upon a time "):
        run_id = site.start("page.plain", said)
        site.become(run_id, "completed")
        page.goto(f"{pages}runs/{run_id}?tab=streams")
        expect(page.get_by_label("Text")).to_have_text(said)
    page.get_by_role("button", name="json").click()
    page.get_by_role("button", name='2 "a "').click()
    expect(page.get_by_role("complementary")).to_contain_text("Chunk 2")


def test_values_that_nobody_expects_are_shown_and_harm_nothing(
    site: Site, pages: str, open_page: OpenPage
) -> None:
    run_id = waiting(site, "page.odd")
    unknown = {"$type": "object", "class": "os:system", "fields": {"command": "<b>rm</b>"}}
    site.resume(run_id, unknown)
    site.become(run_id, "completed")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    panel = page.get_by_role("complementary")
    row(page, "page.long_value").click()
    expect(panel).to_contain_text("cut here, of 4,000,005 bytes")
    with page.expect_download() as download:
        panel.get_by_role("button", name="Download all 4,000,005 bytes").click()
    assert download.value.path().stat().st_size == 4_000_005
    panel.get_by_role("button", name="Show all").click()
    panel.get_by_role("button", name=re.compile("more")).click()
    row(page, "page.odd_values").click()
    panel.get_by_role("button", name="Show all").click()
    expect(panel).to_contain_text("<script>alert(1)</script>")
    expect(panel).to_contain_text("256 bytes 00 01 02")
    expect(panel).to_contain_text(r"C:\new\table")
    expect(panel).to_contain_text("4900 more")
    expect(panel.get_by_title("served:Ticket")).to_have_text("Ticket")
    assert page.locator(".panel script, .panel img").count() == 0
    row(page, "hook").click()
    expect(panel).to_contain_text("os:system")
    expect(panel).to_contain_text("<b>rm</b>")
    page.get_by_role("link", name="events").click()
    page.get_by_label("Find in the log").fill("ééé")
    expect(page.get_by_text("1 event", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    (exported,) = json.loads(download.value.path().read_bytes())
    assert len(exported["data"]["result"]) == 2_000_003
    page.get_by_role("link", name="streams").click()
    page.get_by_role("button", name="text", exact=True).click()
    expect(page.get_by_label("Text")).to_contain_text("characters before")


@pytest.mark.parametrize("hours", [-30, pytest.param(30, marks=pytest.mark.slow)])
def test_a_browser_whose_clock_is_wrong_counts_by_the_servers(
    agent: str, site: Site, pages: str, open_page: OpenPage, hours: int
) -> None:
    run_id = waiting(site, "page.busy", 0.0)
    page = open_page(width=1280, javascript=True)
    page.add_init_script(
        f"{{ const right = Date.now; Date.now = () => right() + {hours} * 3600e3; }}"
    )
    page.goto(f"{pages}runs/{run_id}")
    expect(page.get_by_label("Now")).to_contain_text("2 d 23 h left")
    expect(page.get_by_label("Now")).to_contain_text("expires in 1 h 59 m")
    expect(page.locator(".facts time").first).to_have_text(re.compile("^(now|[0-9]+ s ago)$"))
    expect(row(page, "page.busy").locator(".took")).to_have_text(re.compile("^<?[0-9]+ s$"))


def test_a_run_whose_code_is_gone(site: Site, pages: str, open_page: OpenPage) -> None:
    run_id = of_another_program(site, "page.gone")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}?tab=code")
    expect(page.locator(".code .here")).to_contain_text("return number + await hook(int)")
    site.resume(run_id, 7)
    expect(page.get_by_label("Now")).to_contain_text("no worker that is here has its code")
    page.get_by_role("link", name="timeline").click()
    expect(row(page, "hook")).to_be_visible()


def test_a_run_that_does_not_fit_its_code(site: Site, pages: str, open_page: OpenPage) -> None:
    run_id = of_another_program(site, "page.leaf")
    site.resume(run_id, 7)
    site.become(run_id, "blocked")
    page = open_page(width=1280, javascript=True)
    page.goto(f"{pages}runs/{run_id}")
    now = page.get_by_label("Now")
    expect(now).to_contain_text("Blocked")
    expect(now).to_contain_text("recorded: hook")
    expect(now).to_contain_text("asked:")
    expect(page.get_by_role("button", name="Wake")).to_be_visible()


def of_another_program(site: Site, workflow: str) -> str:
    """A run that waits, of a program that is gone since."""
    url = f"sqlite:///{site.folder}/web.db"
    ended = run_program(Start((str(GONE), url, workflow), site.folder))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_page_catches_up_when_its_connection_comes_back(site: Site, open_page: OpenPage) -> None:
    run_id = waiting(site, "page.chat")
    page = open_page(width=1280, javascript=True)
    with site.pages() as url:
        page.goto(f"{url}runs/{run_id}")
        expect(page.get_by_role("treeitem")).to_have_count(4)
    expect(page.get_by_text("Disconnected")).to_be_visible()
    site.resume(run_id, {"approved": True})
    site.become(run_id, "completed")
    expect(row(page, "hook")).to_contain_text("waiting")
    with site.pages(port=httpx.URL(url).port or 0):
        expect(page.locator(".run-head .badge")).to_have_text("completed")
        expect(page.get_by_role("treeitem")).to_have_count(6)
        expect(page.get_by_text("Disconnected")).to_have_count(0)


def test_ten_thousand_steps_open_and_scroll(
    site: Site, pages: str, open_page: OpenPage, record_property: Callable[[str, object], None]
) -> None:
    run_id = site.start("page.long", 10_000)
    site.become(run_id, "completed")
    page = open_page(width=1280, javascript=True)
    begun = time.perf_counter()
    page.goto(f"{pages}runs/{run_id}")
    page.get_by_text("10000 rows").wait_for(timeout=2_000 * OPENS)
    opened = time.perf_counter() - begun
    assert page.get_by_role("treeitem").count() < 100, "only what is in sight is there"
    frames, work = scrolled(page)
    record_property("ms until 10,000 steps are there", opened * 1000)
    record_property("frames a second while they scroll", frames)
    assert opened < OPENS
    assert work < FRAME
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("treeitem", selected=True)).to_be_in_viewport()
    page.get_by_label("Find in the timeline").fill("9999/")
    expect(page.get_by_role("treeitem")).to_have_count(2)


SCROLL = """() => new Promise((done) => {
  const box = document.querySelector('.rows'), begun = performance.now();
  let frames = 0;
  const next = (now) => {
    if (now - begun > 1000) return done(frames * 1000 / (now - begun));
    frames++;
    box.scrollTop += 170;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
"""Scrolls for a second, seven rows each frame; how many frames a second there were."""


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("dark", 1280, marks=pytest.mark.slow),
        pytest.param("light", 390, marks=pytest.mark.slow),
    ],
)
def test_each_view_looks_right_and_axe_finds_nothing_serious(
    pages: str,
    trip: str,
    agent: str,
    open_page: OpenPage,
    shoot: Shoot,
    theme: Literal["light", "dark"],
    width: int,
) -> None:
    page = open_page(width=width, theme=theme, javascript=True)
    views = {
        "failed": (f"runs/{trip}?row=page.book%231", ".around li"),
        "waiting": (f"runs/{agent}?row=13/hook%231", ".verdict"),
        "events": (f"runs/{trip}?tab=events&at=10", ".event.selected"),
        "conversation": (f"runs/{agent}?tab=streams", ".verdict"),
        "code": (f"runs/{trip}?tab=code", ".code .failed"),
    }
    for name, (path, there) in views.items():
        page.goto(pages + path)
        expect(page.locator(there).first).to_be_visible()
        shoot(page, f"run-{name}-{theme}-{width}")
        assert serious(page) == [], name


def scrolled(page: Page) -> tuple[float, float]:
    """The frames of a second of scrolling, and the milliseconds of the processor's time for each."""
    browser: Any = page.context.new_cdp_session(page)
    browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        metrics: list[dict[str, Any]] = browser.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")

    before = worked()
    frames: float = page.evaluate(SCROLL)
    return frames, (worked() - before) * 1000 / frames


def row(page: Page, name: str) -> Locator:
    """The rows of the timeline with this label."""
    return page.get_by_role("treeitem").filter(
        has=page.locator(".label", has_text=re.compile(f"^{re.escape(name)}$"))
    )


def width_of(bar: Locator) -> float:
    """In pixels."""
    box = bar.bounding_box()
    assert box is not None
    return box["width"]
