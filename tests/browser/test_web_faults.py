"""What the pages do when the database goes away."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.web_kinds import row_of, web
from tests.programs import Start, run_program
from tools.postgres_server import FAST, private_server

FLOW = """
from outlast import workflow

@workflow(name="away.flow")
async def flow() -> str:
    return "done"
"""


@pytest.mark.slow
def test_a_database_that_goes_away_comes_back(tmp_path: Path, open_page: OpenPage) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    with private_server(options=FAST) as server:
        first = started(tmp_path, server.url())
        with web(tmp_path, "--url", server.url()) as url:
            page = open_page(width=1280, javascript=True)
            page.goto(f"{url}runs")
            expect(row_of(page, first)).to_be_visible()
            server.stop()
            banner = page.locator(".offline")
            expect(banner).to_contain_text("the server cannot be reached")
            expect(page.get_by_text("not live")).to_be_visible()
            expect(row_of(page, first)).to_be_visible()
            page.get_by_role("link", name="Workers").click()
            expect(page.get_by_role("heading", name="No answer")).to_be_visible()
            server.start()
            expect(page.get_by_role("heading", name="No worker")).to_be_visible()
            expect(banner).to_have_count(0)
            page.get_by_role("link", name="Runs").click()
            second = started(tmp_path, server.url())
            expect(row_of(page, second)).to_be_visible()


def started(folder: Path, url: str) -> str:
    """The id of a run that waits for a worker."""
    done = run_program(Start(("-m", "outlast", "start", "flow.py:flow", "--url", url), folder))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
