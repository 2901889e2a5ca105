"""`outlast top`: the dashboard, driven by Textual's own pilot."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from outlast import App, RunStatus, hook, sleep, workflow
from outlast.cli.list import Filters, wanted_runs
from outlast.cli.top.confirming import Confirming
from outlast.cli.top.dashboard import Dashboard
from outlast.cli.top.live_table import LiveTable
from outlast.cli.top.picture import Looker
from outlast.cli.top.rows import chart
from outlast.cli.top.run_screen import RunScreen
from outlast.errors import WorldUnavailableError
from outlast.http import BearerTokens, RemoteApp, asgi
from outlast.records import Bucket, Overview
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]
SOON = 0.1
"""Seconds between two looks, where a test waits for one."""
NEVER = 3_600.0
READER = "read-token-0123456789"


@workflow(name="top.nap")
async def nap(length: str = "3 days") -> str:
    await sleep(length)
    return "rested"


@workflow(name="top.ask")
async def ask(order: int) -> Any:
    return await hook(token=f"top:{order}", metadata={"order": order})


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run the test on an event loop."""

    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


class Stage:
    """An app with a worker, and the dashboard on it."""

    def __init__(self, app: App, looker: Looker, dashboard: Dashboard, pilot: Pilot[None]) -> None:
        self.app, self.looker, self.dashboard, self.pilot = app, looker, dashboard, pilot

    def rows(self, name: str = "runs") -> list[list[str]]:
        """The texts of a table."""
        table = self.table(name)
        return [[str(cell) for cell in table.get_row(row.key)] for row in table.ordered_rows]

    def table(self, name: str = "runs") -> LiveTable:
        return self.dashboard.screen_stack[0].query_one(f"#{name}-table", LiveTable)

    def text(self, of: str) -> str:
        """What stands there."""
        shown = self.dashboard.screen.query_one(of, Static)
        return "\n".join(strip.text for strip in shown.render_lines(shown.size.region))

    async def looked(self) -> None:
        """Wait for the look that a change of the status has begun, if it is still under way."""
        for look in [one for one in self.dashboard.workers if one.group == "status"]:
            await look.wait()

    async def until(self, there: Callable[[], bool]) -> None:
        """Look until it is so."""
        async with asyncio.timeout(20):
            while not there():
                screen = self.dashboard.screen
                await (screen if isinstance(screen, RunScreen) else self.dashboard).look()
                await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


@asynccontextmanager
async def staged(
    *runs: Any, every: float = NEVER, size: tuple[int, int] = (120, 30)
) -> AsyncGenerator[Stage]:
    """Runs that wait, and the dashboard that shows them; they have the ids r0, r1..."""
    async with App("memory://") as app:
        started = [await app.start(call, run_id=f"r{index}") for index, call in enumerate(runs)]
        async with asyncio.timeout(20):
            for run in started:
                while await run.status() is not RunStatus.SUSPENDED:
                    await asyncio.sleep(0.005)
        looker = Looker(app, wanted_runs(Filters(), 100))
        dashboard = Dashboard(looker, await looker.look(), every=every)
        async with dashboard.run_test(size=size) as pilot:
            await pilot.pause()
            yield Stage(app, looker, dashboard, pilot)
            assert dashboard.failure is None


@on_a_loop
async def test_runs_hooks_and_workers_are_listed() -> None:
    async with staged(nap(), ask(7)) as stage:
        runs = stage.rows()
        assert [row[-1] for row in runs] == ["r1", "r0"]
        assert [row[:2] for row in runs] == [["◦ suspended", "top.ask"], ["◦ suspended", "top.nap"]]
        assert "sleep 3d 0h left" in runs[1][4]
        assert "1 worker  ◦ 2 suspended" in stage.text("#headline")
        assert "2 started" in stage.text("#chart")
        (waits,) = stage.rows("hooks")
        assert waits[1:3] == ["hook#1", "r1"]
        assert "order=7" in waits
        assert not any("top:7" in cell for cell in waits), "a token is a secret"
        assert len(stage.rows("workers")) == 1


@on_a_loop
async def test_what_happens_is_seen_and_the_cursor_stays_with_its_run() -> None:
    async with staged(nap(), nap()) as stage:
        await stage.press("down")
        assert stage.table().chosen == "r0"
        await stage.app.start(nap(), run_id="r2")
        await stage.until(lambda: [row[-1] for row in stage.rows()] == ["r2", "r1", "r0"])
        assert stage.table().chosen == "r0"
        await stage.press("w")
        await stage.until(lambda: stage.rows()[2][0] == "✓ completed")
        assert stage.table().chosen == "r0"


@on_a_loop
async def test_it_looks_by_itself() -> None:
    async with staged(nap(), every=SOON) as stage:
        first = stage.dashboard.picture
        async with asyncio.timeout(20):
            while stage.dashboard.picture is first:
                await asyncio.sleep(SOON)


@on_a_loop
async def test_a_run_is_cancelled_after_a_question() -> None:
    async with staged(nap()) as stage:
        await stage.press("c")
        assert isinstance(stage.dashboard.screen, Confirming)
        await stage.press("n", "c", "y")
        await stage.until(lambda: stage.rows()[0][0] == "⊘ cancelled")
        (asked,) = [
            e for e in await stage.app.get_run("r0").events() if e.kind == "cancel_requested"
        ]
        assert asked.data["reason"] == "asked for in `outlast top`"


@on_a_loop
async def test_runs_of_one_status() -> None:
    async with staged(nap(), nap()) as stage:
        await stage.app.get_run("r0").wake()
        assert await stage.app.get_run("r0").result("20s") == "rested"
        shown: dict[RunStatus | None, list[str]] = {}
        for status in (*RunStatus, None):
            await stage.press("s")
            await stage.looked()
            assert stage.looker.status is status
            shown[status] = [row[-1] for row in stage.rows()]
        assert shown.pop(None) == ["r1", "r0"]
        assert shown.pop(RunStatus.COMPLETED) == ["r0"]
        assert shown.pop(RunStatus.SUSPENDED) == ["r1"]
        assert not any(shown.values())


@on_a_loop
async def test_a_run_is_opened_on_its_timeline_and_grows() -> None:
    async with staged(nap("20 days")) as stage:
        await stage.press("enter")
        assert isinstance(stage.dashboard.screen, RunScreen)
        await stage.until(lambda: "sleep" in stage.text("#run"))
        assert "◦ suspended  top.nap for" in stage.text("#run")
        await stage.press("w")
        await stage.until(lambda: "✓ completed  top.nap in" in stage.text("#run"))
        assert "woken" in stage.text("#run")
        await stage.press("escape")
        assert stage.dashboard.screen is stage.dashboard.screen_stack[0]


@on_a_loop
async def test_a_look_that_ends_while_its_run_is_left_is_dropped() -> None:
    async with staged(nap("20 days")) as stage:
        await stage.press("enter")
        assert isinstance(stage.dashboard.screen, RunScreen)
        await stage.dashboard.screen.remove_children()  # as leaving begins
        await stage.dashboard.screen.look()
        await stage.press("escape")
        assert stage.dashboard.screen is stage.dashboard.screen_stack[0]


@on_a_loop
async def test_the_run_of_a_hook_is_opened() -> None:
    async with staged(nap(), ask(7), nap()) as stage:
        await stage.press("2", "enter")
        assert isinstance(stage.dashboard.screen, RunScreen)
        assert stage.dashboard.screen.followed.id == "r1"


@on_a_loop
async def test_while_nobody_answers_the_last_picture_stays() -> None:
    async with staged(nap()) as stage:
        looker = Cut(stage.looker)
        stage.dashboard._looker = looker
        await stage.dashboard.look()
        assert "no answer" in stage.text("#missed")
        assert len(stage.rows()) == 1
        stage.dashboard._looker = stage.looker
        await stage.dashboard.look()
        assert stage.text("#missed").strip() == ""


class Cut(Looker):
    """A looker whose connection is cut."""

    def __init__(self, of: Looker) -> None:
        super().__init__(of._app, of._wanted)

    async def look(self) -> Any:
        raise WorldUnavailableError("memory://", "no answer")


@on_a_loop
async def test_at_80_columns_what_a_run_waits_for_is_seen() -> None:
    async with staged(nap(), size=(80, 24)) as stage:
        (row,) = stage.rows()
        assert row[4] == "sleep 3d 0h left"
        drawn = [strip.text for strip in stage.dashboard.screen._compositor.render_strips()]
        assert any("◦ suspended" in line and "sleep 3d 0h left" in line for line in drawn)


@on_a_loop
async def test_with_a_token_that_may_only_read_it_shows_what_it_may() -> None:
    """Over HTTP; what cannot be seen or done is said, and nothing ends."""
    async with App("memory://") as app:
        await app.start(nap(), run_id="r0")
        transport = httpx.ASGITransport(asgi(app, access=BearerTokens(read=[READER])))
        url = "http://localhost/api/v1"
        async with RemoteApp(url, token=READER, transport=transport) as remote:
            looker = Looker(remote, wanted_runs(Filters(), 100))
            dashboard = Dashboard(looker, await looker.look(), every=NEVER)
            async with dashboard.run_test(size=(100, 30)) as pilot:
                stage = Stage(app, looker, dashboard, pilot)
                await stage.until(lambda: stage.rows()[0][0] == "◦ suspended")
                assert len(stage.rows("workers")) == 1
                await stage.press("enter")
                assert isinstance(dashboard.screen, RunScreen)
                assert not {"c", "w"} & set(dashboard.screen.active_bindings)
                await stage.press("w", "escape", "w", "2")
                await pilot.pause()
                assert not {"c", "w"} & set(dashboard.screen.active_bindings)
                assert list(dashboard._notifications) == []
                assert stage.rows("hooks") == []
                assert "it may only read" in stage.text("#hooks-said")
            assert dashboard.failure is None


def test_the_chart_tells_how_many_and_where_some_failed() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    numbers = [(0, 0), (1, 0), (50, 2), (100, 0)]
    overview = Overview(
        counts={},
        limit=10_000,
        bucket_limit=100,
        created_from=at,
        created_to=at,
        buckets=tuple(
            Bucket(start=at, started=started, completed=0, failed=failed, cancelled=0)
            for started, failed in numbers
        ),
    )
    drawn = chart(overview)
    assert drawn.plain == "24 h ▁▁▄█  about 151 started  ✗ 2"
    assert [(span.start, span.end) for span in drawn.spans if span.style == "red"] == [
        (7, 8),
        (28, 33),
    ]


def test_without_a_terminal_there_is_another_way(cli: Cli) -> None:
    answer = cli("top")
    assert (answer.code, answer.out) == (2, "")
    assert "outlast list --follow --json" in answer.err


def test_without_textual_it_says_what_to_install(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("outlast.cli.top.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    answer = cli("top")
    assert answer.code == 2
    assert 'pip install "outlast[top]"' in answer.err
