"""Opening the table of runs in a browser, of a world with 100,000: from the address to the rows that can be seen.

The browser runs already; its cache is empty each time. The pages come from `outlast web`.
"""

import asyncio
import statistics
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright

from benchmarks.databases.many_runs import fill_postgres, fill_sqlite
from benchmarks.databases.postgres import PostgresDatabase
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from outlast import App
from tools import browser as chromium

ROWS: Final = 50
"""On a page."""
SEEN: Final = """new MutationObserver((_, watch) => {
    if (!document.querySelector("tbody tr")) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => (document.documentElement.dataset.seen = performance.now())));
}).observe(document, { childList: true, subtree: true })"""
"""Notes when the first rows have been drawn: in the second frame from then on, the first is on the screen."""
PAGES: Final = {
    "first_ms": "runs",
    "status_ms": "runs?status=failed",
    "workflow_ms": "runs?workflow=flow7",
    "attribute_ms": "runs?attribute=tenant%3Dt7",
    "ended_ms": "runs?sort=-ended",
}


async def _measure(place: Place) -> Measured:
    times = place.pick(11, 3)
    async with App(place.url, worker=False) as app:
        await _fill(place.url, place.pick(100_000, 2_000), app.runtime.clock.now())
    async with _pages(place.url) as url, _browser() as browser:
        await _opened(browser, f"{url}runs")
        return {
            key: statistics.median([await _opened(browser, url + path) for _ in range(times)])
            for key, path in PAGES.items()
        }


async def _fill(url: str, runs: int, now: int) -> None:
    if url.startswith("sqlite:///"):
        fill_sqlite(url.removeprefix("sqlite:///"), runs, now)
    else:
        await fill_postgres(PostgresDatabase(url), runs, now)


@asynccontextmanager
async def _pages(world: str) -> AsyncGenerator[str]:
    command = (sys.executable, "-m", "outlast", "web", "--url", world, "--port", "0")
    web = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    assert web.stdout is not None
    try:
        yield (await web.stdout.readline()).decode().strip()
    finally:
        web.terminate()
        await web.wait()


@asynccontextmanager
async def _browser() -> AsyncGenerator[Browser]:
    executable = chromium.find()
    if executable is None:
        raise FileNotFoundError(f"there is no Chromium; {chromium.BY_HAND}")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=executable, args=["--disable-gpu"]
        )
        yield launched
        await launched.close()


async def _opened(browser: Browser, url: str) -> float:
    """Milliseconds. Raises `WrongResultError`."""
    context = await browser.new_context(viewport={"width": 1280, "height": 844})
    page = await context.new_page()
    await page.add_init_script(SEEN)
    await page.goto(url)
    root = page.locator("html[data-seen]")
    seen = await root.get_attribute("data-seen")
    rows = await page.locator("tbody tr").count()
    await context.close()
    if not 0 < rows <= ROWS:
        raise WrongResultError("rows", rows)
    return float(seen or "nan")


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="opening the table of 100,000 runs in a browser",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(key="first_ms", what="the newest", unit="ms", target=300),
            Figure(key="status_ms", what="the failed", unit="ms", target=300),
            Figure(key="workflow_ms", what="of one workflow", unit="ms", target=300),
            Figure(key="attribute_ms", what="of one attribute", unit="ms", target=300),
            Figure(key="ended_ms", what="by their end", unit="ms", target=300),
        ),
    )


WEB_RUNS100K: Final = _workload("web-runs100k", "sqlite")
PG_WEB_RUNS100K: Final = _workload("pg-web-runs100k", "postgres")
