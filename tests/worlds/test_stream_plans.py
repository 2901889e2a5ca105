"""What a page of a stream costs does not depend on how long the stream is, nor on how many there are."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from outlast.testing.conformance import SettableClock
from outlast.testing.conformance.scene import Scene, held
from outlast.testing.conformance.sections.streaming import page, send, write, writer
from outlast.worlds.postgres.queries import load as load_postgres
from outlast.worlds.sqlite import SqliteWorld
from outlast.worlds.sqlite.queries import load as load_sqlite
from tests.postgres import Postgres
from tests.worlds.postgres_scenes import opened, schema_of

SEGMENTS = 3_000
SQLITE = load_sqlite("streams.sql")
SEARCHES = sorted(SQLITE.keys() - {"begin", "look", "commit"})


async def fill(scene: Scene) -> None:
    await scene.create(held("a"))
    await send(scene, *[write(writer(), "x" * 100, after=number) for number in range(SEGMENTS)])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with a long stream."""
    path = tmp_path_factory.mktemp("plans") / "world.db"

    async def main() -> None:
        clock = SettableClock()
        world = SqliteWorld(path, clock)
        async with world.opened():
            await fill(Scene(world, clock, lambda _: world))

    asyncio.run(main())
    return path


@pytest.mark.parametrize("name", SEARCHES)
def test_sqlite_scans_no_table(file: Path, name: str) -> None:
    connection = sqlite3.connect(file)
    parameters: Any = (None,) * SQLITE[name].count("?")
    if ":" in SQLITE[name]:
        texts = {
            "run_ids": '["a"]',
            "steps": '[["a","w"]]',
            "marks": '[["a","w"]]',
            "streams": '[["a","s"]]',
        }
        parameters = {**texts, "run_id": "a", "name": "s", "start": 7, "run": 1}
    steps = connection.execute(f"EXPLAIN QUERY PLAN {SQLITE[name]}", parameters).fetchall()
    connection.close()
    plan = [step[3] for step in steps]
    made = ("SCAN (", "SCAN wish VIRTUAL")  # what the query itself has put together
    assert [step for step in plan if step.startswith("SCAN") and not step.startswith(made)] == []
    assert "TEMP B-TREE" not in " ".join(plan)


def test_a_page_has_what_it_may_have_and_no_more(file: Path) -> None:
    async def main() -> None:
        clock = SettableClock()
        world = SqliteWorld(file, clock)
        async with world.opened():
            found = await page(Scene(world, clock, lambda _: world), 5, limit=250)
            assert (found.start, len(found.chunks), found.tail) == (5, 3, SEGMENTS)

    asyncio.run(main())


def test_postgres_reads_a_page_by_index(postgres: Postgres) -> None:
    async def main() -> None:
        url = postgres.url()
        async with opened(url) as (scene, _):
            await fill(scene)
        query = load_postgres("streams.sql", f'"{schema_of(url)}"')["read"]
        connection = await asyncpg.connect(postgres.server)
        await connection.execute(f'ANALYZE "{schema_of(url)}".stream_segments')
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", "a", "s", 1_500, 250, 20
        )
        await connection.close()
        scans = [
            one for one in nodes(json.loads(explained)[0]["Plan"]) if "Scan" in one["Node Type"]
        ]
        segments = [one for one in scans if one.get("Relation Name") == "stream_segments"]
        assert segments
        assert all("Index" in one["Node Type"] for one in segments)
        assert sum(one["Actual Rows"] * one["Actual Loops"] for one in segments) <= 21

    asyncio.run(main())


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """All nodes of a plan."""
    return [plan, *[node for part in plan.get("Plans", []) for node in nodes(part)]]
