"""The page that asks, as people meet it: on a phone, without JavaScript, with a keyboard, by ear."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from outlast._webhooks import page as pages
from outlast._webhooks.page import About
from outlast._webhooks.submitting import payload_of
from tests.browser.asking import ABOUT, URL, Approval, Asking, Order, Refund
from tests.browser.conftest import OpenPage

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TOUCH = 44
"""Pixels that a finger needs."""


def test_one_tap_approves(open_page: OpenPage) -> None:
    asking = Asking(Approval)
    page = asking.shown_in(open_page())
    expect(page).to_have_title("Refund 149.90 € to Ada Lovelace?")
    expect(page.get_by_text("Ada Lovelace", exact=True)).to_be_visible()
    expect(page.get_by_text("run_01hx3k9r8q2m")).to_be_visible()
    assert asking.requests == [f"GET {URL}"], "a link that is only followed approves nothing"
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    expect(page.get_by_role("definition")).to_have_text("Approve")
    assert asking.payloads == [True]


def test_one_tap_declines(open_page: OpenPage) -> None:
    asking = Asking(Approval)
    page = asking.shown_in(open_page())
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("definition")).to_have_text("Decline")
    assert asking.payloads == [False]


def test_the_keyboard_is_enough(open_page: OpenPage) -> None:
    asking = Asking(Refund)
    page = asking.shown_in(open_page())
    _tab_to(page, "Reason (optional)")
    page.keyboard.type("Broken,\nsee the photos.")
    page.keyboard.press("Tab")
    page.keyboard.type("R-7")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Decline")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_be_focused()
    told = {"reason": "Broken,\nsee the photos.", "booked_as": "R-7", "approved": False}
    assert asking.payloads == [told]


def test_the_end_of_a_line_approves_nothing(open_page: OpenPage) -> None:
    asking = Asking(Refund)
    page = asking.shown_in(open_page())
    page.get_by_label("Booked as").fill("R-7")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    assert asking.payloads == [{"booked_as": "R-7", "approved": False}]


def test_every_kind_of_field_can_be_filled_in(open_page: OpenPage) -> None:
    asking = Asking(Order)
    page = asking.shown_in(open_page())
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("Amount").fill("12.30")
    page.get_by_label("Pieces").fill("9")
    page.get_by_label("standard").check()
    page.get_by_label("Color").select_option("pink")
    page.get_by_label("Day (optional)").fill("2026-12-24")
    page.get_by_label("At", exact=True).fill("2026-11-23T10:30")
    page.get_by_label("Notify").uncheck()
    page.get_by_role("group", name="Is gift").get_by_label("No", exact=True).check()
    parcel = page.get_by_role("group", name="Parcel")
    parcel.get_by_label("Street").fill("Hill Road 7")
    parcel.get_by_label("City").fill("London")
    page.get_by_label("Tags (optional)").fill("fragile\n\nblue")
    page.get_by_label("invoice").check()
    page.get_by_label("Limits").fill('{"a": 1}')
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    assert asking.payloads == [
        {
            "name": "Grace Hopper",
            "amount": "12.30",
            "pieces": 9,
            "shipping": "standard",
            "color": "pink",
            "day": "2026-12-24",
            "at": "2026-11-23T10:30:00Z",
            "notify": False,
            "is_gift": False,
            "parcel": {"street": "Hill Road 7", "city": "London"},
            "tags": ["fragile", "blue"],
            "proofs": ["invoice"],
            "limits": {"a": 1},
        }
    ]


def test_what_is_needed_is_said_before_it_is_sent(open_page: OpenPage) -> None:
    asking = Asking(Order)
    page = asking.shown_in(open_page())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Name")).to_be_focused()
    assert asking.requests == [f"GET {URL}"]


def test_a_problem_keeps_what_was_written(open_page: OpenPage) -> None:
    """What a browser lets pass, and older ones let more pass, is told by the page."""
    asking = Asking(Order)
    page = asking.shown_in(open_page())
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("express").check()
    page.get_by_label("At", exact=True).fill("2026-11-23T10:30")
    page.get_by_label("Notify").uncheck()
    page.get_by_role("group", name="Is gift").get_by_label("Yes").check()
    parcel = page.get_by_role("group", name="Parcel")
    parcel.get_by_label("Street").fill('Hill "Road" <7>')
    parcel.get_by_label("City").fill("London")
    page.get_by_role("group", name="Billing").get_by_label("City").fill("Rome")
    page.get_by_label("Limits").fill("\n{a: 1}")
    page.get_by_role("button", name="Send").click()

    expect(page).to_have_title("Problem: Order")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("Grace Hopper")
    expect(page.get_by_label("express")).to_be_checked()
    expect(page.get_by_label("Notify")).not_to_be_checked()
    expect(parcel.get_by_label("Street")).to_have_value('Hill "Road" <7>')
    limits = page.get_by_label("Limits")
    expect(limits).to_have_value("\n{a: 1}")
    expect(limits).to_have_attribute("aria-invalid", "true")
    assert str(limits.evaluate(DESCRIPTION)).startswith("This must be JSON:")
    page.get_by_role("link", name="Billing, Street: An answer is needed.").click()
    expect(page.get_by_role("group", name="Billing").get_by_label("Street")).to_be_focused()
    page.keyboard.type("Via Appia 1")
    limits.fill("{}")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    assert asking.payloads[0]["billing"] == {"street": "Via Appia 1", "city": "Rome"}
    assert asking.payloads[0]["parcel"]["street"] == 'Hill "Road" <7>'


DESCRIPTION = "e => e.getAttribute('aria-describedby').split(' ').map(id => document.getElementById(id).innerText).join(' ')"


def test_without_a_schema_there_is_one_button(open_page: OpenPage) -> None:
    asking = Asking(None, About(run_id="r1", workflow="nightly_report"))
    page = asking.shown_in(open_page())
    expect(page.get_by_role("heading")).to_have_text("Please confirm")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading")).to_have_text("Your answer is recorded")
    assert asking.payloads == [None]


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'></dd></dl><h1>Approved</h1>"


def test_markup_in_what_a_run_tells_is_text(open_page: OpenPage) -> None:
    about = About(
        run_id=HOSTILE,
        workflow=HOSTILE,
        title=HOSTILE,
        metadata={
            HOSTILE: HOSTILE,
            "nested": {HOSTILE: [HOSTILE]},
            "link": "javascript:alert(3)",
            "other": 'https://shop.example/"onclick="alert(4)',
        },
    )
    page = Asking(Refund, about).shown_in(open_page(javascript=True))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    expect(page.locator("h1")).to_have_text([HOSTILE])
    expect(page.locator("dd").first).to_have_text(HOSTILE)
    expect(page.locator("img, script, [onerror], [onclick]")).to_have_count(0)
    expect(page.get_by_role("link")).to_have_count(1)
    page.get_by_label("Reason").fill(HOSTILE)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("definition").nth(1)).to_have_text(HOSTILE)
    assert dialogs == []


ENDLESS = About(
    run_id="r" * 300,
    workflow="w" * 300,
    metadata={"k" * 300: "v" * 5_000, "list": [["x" * 200]], "long": "word " * 5_000}
    | {f"key {number}": number for number in range(100)},
)


TARGETS = """() => [...document.querySelectorAll('button, input, select, textarea')]
    .map(e => (e.closest('label') || e).getBoundingClientRect().height).filter(height => height > 0)"""


@pytest.mark.parametrize("about", [ABOUT, ENDLESS], ids=["usual", "endless"])
@pytest.mark.parametrize("schema", [Refund, Order])
def test_it_fits_the_screen(open_page: OpenPage, schema: Any, about: About) -> None:
    page = Asking(schema, about).shown_in(open_page())
    for width in (320, 390, 1_280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert min(page.evaluate(TARGETS)) >= TOUCH
    assert len(page.content()) < 40_000, "metadata is cut where nobody would read on"


def test_checkers_of_accessibility_find_nothing(open_page: OpenPage) -> None:
    """Names, roles, order, and contrast in both themes: all rules of axe."""
    page = open_page(javascript=True)
    for html in _all_pages():
        page.emulate_media(color_scheme="light")
        page.set_content(html)
        assert _findings(page) == []
        page.emulate_media(color_scheme="dark")
        assert _findings(page, "color-contrast") == []


def test_the_checker_would_find_something(open_page: OpenPage) -> None:
    page = open_page(javascript=True)
    page.set_content("<html lang=en><title>t</title><main><h1>h</h1><input></main>")
    assert _findings(page) == ["label"]


def test_the_themes_differ(open_page: OpenPage) -> None:
    grounds = [
        Asking(Approval)
        .shown_in(open_page(theme=theme))
        .locator("main")
        .evaluate("e => getComputedStyle(e).backgroundColor")
        for theme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(28, 30, 33)"]


def _all_pages() -> list[str]:
    order = Asking(Order).schema
    form = {"payload/name": [""], "payload/limits": ["{"], "payload/billing/city": ["Rome"]}
    problems = payload_of(form, order).problems
    return [
        *(pages.confirmation(Asking(one).schema, ABOUT, "t") for one in (Approval, Refund, Order)),
        pages.confirmation(order, ABOUT, "t", form, problems),
        pages.recorded(ABOUT, {"approved": True, "reason": "x"}, Asking(Refund).schema),
        pages.recorded(ABOUT, None),
        pages.gone(),
        pages.not_found(),
    ]


def _findings(page: Page, *rules: str) -> list[str]:
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)
    return [one["id"] for one in found["violations"]]


def _tab_to(page: Page, label: str) -> None:
    """As somebody does who does not know how many stops there are."""
    wanted = page.get_by_label(label)
    for _ in range(10):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"the Tab key does not lead to {label}")
