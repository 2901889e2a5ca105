"""A search that looks at more runs than it may at once, and a file of SQLite that goes away and comes back."""

import asyncio
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from outlast.testing.conformance import SettableClock
from outlast.worlds.sqlite import SqliteWorld
from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import web

AT_ONCE = 5_000
"""So many runs are looked at for one page."""
INSERT = (
    "INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, epoch, position, last_at,"
    " recoveries, created_at, ended_at)"
    " VALUES (?, ?, 'completed', '1', 'default', 0, '{}', 1, 1, 0, 0, ?, ?)"
)


def test_a_search_looks_further_and_a_file_may_go_and_come(
    tmp_path: Path, open_page: OpenPage
) -> None:
    file = tmp_path / "far.db"
    fill(file, ["far.needle", *["far.straw"] * (AT_ONCE + 200)])
    with web(tmp_path, "--url", f"sqlite:///{file}") as url:
        page = open_page(width=1280, javascript=True)
        looks_further(page, url)
        expect(page.locator(".chips")).to_contain_text("of all runs:")
        tells_the_queue(page)
        page.goto(f"{url}runs")
        expect(page.locator(".chip.completed")).to_contain_text("5,201")
        expect(page.locator(".chips")).not_to_contain_text("of all runs:")
        file.rename(tmp_path / "elsewhere.db")
        expect(page.locator(".offline")).to_contain_text("deleted, moved or replaced")
        page.get_by_role("link", name="Workers").click()
        expect(page.get_by_role("heading", name="No answer")).to_be_visible()
        (tmp_path / "elsewhere.db").rename(file)
        expect(page.get_by_role("heading", name="No worker")).to_be_visible()
        expect(page.locator(".offline")).to_have_count(0)


def looks_further(page: Page, url: str) -> None:
    """The only run of that name is older than the first page looks."""
    page.goto(f"{url}runs?text=needle")
    expect(page.get_by_role("heading", name="No run here is like that")).to_be_visible()
    page.get_by_role("button", name="Look further").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("far.needle")
    expect(page.get_by_text("These are all.")).to_be_visible()
    page.get_by_role("button", name="Newest").click()
    expect(page.get_by_role("button", name="Look further")).to_be_visible()
    page.go_back()


def tells_the_queue(page: Page) -> None:
    """Who has made an attempt is told by the one before, and how long it waited by itself."""
    page.locator("tbody tr").get_by_role("link").first.click()
    drawn = page.locator(".line", has_text="far.work").locator(".stretch")
    expect(drawn).to_have_count(3)
    expect(drawn.nth(1)).to_have_class("stretch queued")
    page.locator(".line", has_text="far.work").last.click()
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("Queued200 ms")
    expect(panel).to_contain_text("Workerworker_far")


def fill(file: Path, workflows: list[str]) -> None:
    """A database with a run of each of these workflows, the oldest first, a second apart."""

    async def make() -> None:
        async with SqliteWorld(file, SettableClock()).opened():
            pass

    with ThreadPoolExecutor(1) as thread:  # the browser has the loop of this one
        thread.submit(lambda: asyncio.run(make())).result()
    rows = [
        (f"run_{number:026}", workflow, number * 1_000_000, number * 1_000_000 + 1)
        for number, workflow in enumerate(workflows, 1_700_000_000)
    ]
    with sqlite3.connect(file) as connection:
        connection.executemany(INSERT, rows)
        connection.executemany("INSERT INTO events VALUES (1, ?, ?, ?, ?)", log(rows[0][2]))
        connection.execute("UPDATE runs SET position = 4 WHERE number = 1")
    connection.close()


def log(start: int) -> list[tuple[int, int, str, str]]:
    """The events of a run whose second step had to wait for room."""
    step = {"name": "far.work", "digest": "", "attempt": 1, "result": None}
    events: list[dict[str, object]] = [
        {"kind": "run_created", "workflow": "far.needle", "version": "1", "input": {}},
        {
            "kind": "step_completed",
            "id": "1/far.work#1",
            "started_at": start,
            "owner": "worker_far",
        },
        {
            "kind": "step_completed",
            "id": "2/far.work#1",
            "started_at": start + 200_000,
            "queued": 200_000,
        },
        {"kind": "run_completed", "result": None},
    ]
    return [
        (
            place,
            start + 200_000 * place,
            str(event["kind"]),
            json.dumps(step | event if "id" in event else event),
        )
        for place, event in enumerate(events)
    ]
