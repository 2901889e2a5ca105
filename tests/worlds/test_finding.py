"""Pages that stop looking early have, one after the other, the runs that one look over all of them has."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from outlast._model.runs import RunRecord, RunStatus
from outlast.testing.conformance import SettableClock
from outlast.world import RunFilter, RunOrder
from outlast.worlds.finding import find_page
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.finding import Finding
from outlast.worlds.sqlite.listing import SqliteListing

RUNS = 400
SPAN = 12

STATUSES = (RunStatus.COMPLETED, RunStatus.FAILED)
WISHES = {
    "all": RunFilter(),
    "a status": RunFilter(statuses=STATUSES),
    "a workflow and a status": RunFilter(workflows=("flow-1",), statuses=(RunStatus.FAILED,)),
    "two workflows and a version": RunFilter(workflows=("flow-1", "flow-2"), versions=("1",)),
    "what nobody has": RunFilter(workflows=("flow-1", "nobody"), versions=("9",)),
    "an attribute": RunFilter(attributes={"tenant": "acme"}),
    "two attributes": RunFilter(attributes={"tenant": "acme", "place": 7}),
    "a text": RunFilter(text="ACME", statuses=STATUSES),
    "a window": RunFilter(created_from=20, created_to=60, attributes={"tenant": "acme"}),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finding") / "world.db"

    async def make() -> None:
        async with SqliteWorld(path, SettableClock()).opened():
            pass

    asyncio.run(make())
    connection = sqlite3.connect(path)
    connection.executemany(
        "INSERT INTO runs (id, workflow, status, version, queue, priority, attributes, epoch, position,"
        " last_at, recoveries, created_at, ended_at) VALUES (?, ?, ?, ?, 'q', 0, ?, 1, 1, 0, 0, ?, ?)",
        [
            (
                f"run-{n}",
                f"flow-{n % 3}",
                STATUSES[n % 7 == 0] if n % 5 else "suspended",
                str(n % 2),
                f'{{"tenant":"{tenant(n)}","place":{n % 50}}}',
                n // 4,
                1000 - n // 3 if n % 5 else None,
            )
            for n in range(RUNS)
        ],
    )
    connection.executemany(
        "INSERT INTO run_attributes SELECT id, ?, attributes -> ? FROM runs",
        [("tenant", "$.tenant"), ("place", "$.place")],
    )
    connection.commit()
    connection.close()
    return path


def tenant(number: int) -> str:
    return "acme" if number % 4 else "other"


@pytest.mark.parametrize("order", RunOrder)
@pytest.mark.parametrize("name", WISHES)
def test_short_pages_together_have_what_one_look_has(
    path: Path, name: str, order: RunOrder
) -> None:
    wish = replace(WISHES[name], order=order)
    whole, pages = asyncio.run(looked(path, wish))

    assert [run for page in pages for run in page] == whole
    assert all(len(page) <= 5 for page in pages)
    assert name != "what nobody has" or not whole


async def looked(path: Path, wish: RunFilter) -> tuple[list[RunRecord], list[list[RunRecord]]]:
    """All at once, and page by page."""
    pages: list[list[RunRecord]] = []
    async with SqliteWorld(path, SettableClock()).opened() as world:
        listing = world.listing
        assert isinstance(listing, SqliteListing)
        asked = Finding(listing._reader)
        whole = await find_page(asked, wish, limit=RUNS, cursor=None)
        cursor: str | None = None
        while not pages or cursor is not None:
            page = await find_page(asked, wish, limit=5, cursor=cursor, span=SPAN)
            pages.append(list(page.runs))
            cursor = page.cursor
            assert len(pages) <= RUNS
    assert whole.cursor is None
    return list(whole.runs), pages


def test_a_page_stops_where_it_has_looked_at_so_many(path: Path) -> None:
    """Empty, and yet with a cursor."""

    async def ask() -> None:
        async with SqliteWorld(path, SettableClock()).opened() as world:
            assert isinstance(world.listing, SqliteListing)
            wish = RunFilter(text="nothing has this")
            page = await find_page(
                Finding(world.listing._reader), wish, limit=5, cursor=None, span=SPAN
            )
            assert (page.runs, page.cursor is None) == ((), False)

    asyncio.run(ask())
