"""PostgreSQL through PgBouncer, mostly in transaction mode: each transaction may meet another connection."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from outlast import App, WorkerOptions, hook, sleep, step, workflow, writable
from outlast.testing.conformance import WorldFactory, exercise
from outlast.testing.conformance.scene import Scene
from outlast.worlds.postgres import PostgresWorld
from tests.postgres import ELSEWHERE, Postgres
from tests.worlds.postgres_scenes import in_scene
from tools.pooler import NoPoolerError, pooled


@pytest.fixture(scope="module")
def pooler(postgres: Postgres) -> Iterator[Postgres]:
    """The server of the tests, through a pooler."""
    with through_pooler(postgres, "transaction") as server:
        yield server


@contextmanager
def through_pooler(postgres: Postgres, mode: str) -> Iterator[Postgres]:
    """The server through a pooler in a mode."""
    if ELSEWHERE:
        pytest.skip("the server is somebody else's; its URL may name a pooler")
    try:
        with pooled(Path(parse_qs(urlsplit(postgres.server).query)["host"][0]), mode) as url:
            yield Postgres(url)
    except NoPoolerError as error:
        pytest.skip(str(error))


@step(name="pooler.double")
async def double(number: int) -> int:
    stream = writable("numbers")
    await stream.write(number)
    return 2 * number


@workflow(name="pooler.flow")
async def flow(token: str) -> list[int]:
    await sleep("10ms")
    async with hook(int, token=token) as given:
        return await asyncio.gather(*[double(number) for number in (1, 2, await given)])


def test_runs_go_on_through_a_pooler(pooler: Postgres) -> None:
    """Two workers share thirty runs over four connections; what is sent to either arrives."""
    url, options = pooler.url(), WorkerOptions(linger=0, max_live_runs=20)

    async def main() -> None:
        async with App(url, options=options) as one, App(url, options=options) as other:
            runs = [await (one, other)[n % 2].start(flow(f"T{n}")) for n in range(30)]
            for number in range(30):
                await _opened(one, f"T{number}")
                await (other, one)[number % 2].resume(f"T{number}", number)
            results = await asyncio.gather(*[run.result("60s") for run in runs])
            assert results == [[2, 4, 2 * n] for n in range(30)]
            chunks = [chunk async for chunk in runs[7].stream("numbers")]
            assert sorted(chunks) == [1, 2, 7]

    asyncio.run(main())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_conformance_suite_passes(pooler: Postgres) -> None:
    """All but what a world must declare to be asked for: nobody's death is noticed at once."""

    async def main() -> None:
        report = await exercise(lambda: _world(pooler.url()))
        assert report.failed == ()
        assert all("notices_death" in reason for reason in report.skipped)
        assert len(report.passed) > 190

    asyncio.run(main())


def _world(url: str) -> WorldFactory:
    return lambda clock: PostgresWorld(url, clock)


async def _opened(app: App, token: str) -> None:
    async with asyncio.timeout(60):
        while await app.runtime.world.listing.hook(token) is None:
            await asyncio.sleep(0.01)


def test_a_pooler_in_session_mode_needs_nothing(postgres: Postgres) -> None:
    async def body(scene: Scene, world: PostgresWorld) -> None:
        await scene.register("worker")  # whose lock rests on a session
        assert world.capabilities.notices_death

    with through_pooler(postgres, "session") as server:
        in_scene(server.url(), body)
