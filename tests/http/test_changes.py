"""The feed of runs that change."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from outlast import App
from outlast._api.listing import RunFilters
from outlast.errors import NoAppError, OutlastError
from outlast.http import changes
from outlast.http.changes import RunWatcher
from outlast.http.following import read_messages
from tests.http import flows
from tests.http.conftest import Site
from tests.postgres import Postgres

OnSite = Callable[..., None]
ALL = RunFilters(limit=10)
PROMPT = 0.5
"""Seconds. Without news it would take four times as long, at the least."""


class Told(NamedTuple):
    """What a reader was told."""

    id: str | None
    name: str
    run: str | None
    status: str | None


async def _told(frames: AsyncGenerator[bytes]) -> AsyncGenerator[Told]:
    async for one in read_messages(frames):
        data: dict[str, Any] = json.loads(one.data or b"{}")
        yield Told(one.id, one.name, data.get("id"), data.get("status"))


async def _reader(watcher: RunWatcher, last: str | None = None) -> AsyncGenerator[Told]:
    return _told(await watcher.changes(ALL, "all", last))


async def _until(reader: AsyncGenerator[Told], status: str) -> list[Told]:
    told = [await anext(reader)]
    while told[-1].status != status:
        told.append(await anext(reader))
    return told


def test_the_page_comes_first_and_then_what_changes_in_it(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        await site.app.start(flows.nap(), run_id="first")
        async with aclosing(await _reader(watcher)) as reader:
            assert (await anext(reader)).run == "first"
            place = await anext(reader)
            assert place.run is None
            assert place.id is not None
            run = await site.app.start(flows.nap(), run_id="second")
            assert {one.run for one in await _until(reader, "suspended")} <= {"first", "second"}
            await run.cancel()
            assert (await _until(reader, "cancelled"))[-1][1:] == ("run", "second", "cancelled")

    on_site(scenario)


def test_what_does_not_fit_any_more_leaves_the_page(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        run = await site.app.start(flows.nap(), run_id="napping")
        await site.signals.wait_for("run_suspended", run_id=run.id)
        wanted = RunFilters(status="suspended")
        async with aclosing(_told(await watcher.changes(wanted, "suspended", None))) as reader:
            assert (await anext(reader)).run == "napping"
            await anext(reader)
            await run.cancel()
            assert (await anext(reader))[1:3] == ("gone", "napping")

    on_site(scenario)


def test_who_comes_back_gets_what_was_missed_and_no_more(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        run = await site.app.start(flows.nap(), run_id="napping")
        async with aclosing(await _reader(watcher)) as reader:
            seen = await _until(reader, "suspended")
            if seen[-1].id is None:  # it was part of the page
                seen.append(await anext(reader))
        await run.cancel()
        async with aclosing(await _reader(watcher)) as another:
            everything = seen + await _until(another, "cancelled")
        for number, one in enumerate(everything):
            if one.id is not None and number < len(seen):
                async with aclosing(await _reader(watcher, one.id)) as reader:
                    assert (await _until(reader, "cancelled"))[0].run == "napping"
        async with aclosing(await _reader(watcher, "elsewhere.7")) as reader:
            assert (await anext(reader)).id is None, "the page again: nothing can be missing"

    on_site(scenario)


def test_a_reader_that_is_far_behind_gets_the_page(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "REMEMBERED", 1)

    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        async with (
            aclosing(await _reader(watcher)) as slow,
            aclosing(await _reader(watcher)) as reader,
        ):
            place = await anext(slow)
            await anext(reader)
            run = await site.app.start(flows.nap(), run_id="napping")
            await _until(reader, "suspended")
            await run.cancel()
            await _until(reader, "cancelled")
            assert (await anext(slow))[1:] == ("run", "napping", "cancelled")
            assert (await anext(slow)).id != place.id

    on_site(scenario)


def test_a_hundred_readers_cost_one_watcher(on_site: OnSite) -> None:
    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        readers = [await _reader(watcher) for _ in range(100)]
        for reader in readers:
            assert (await anext(reader)).id is not None
        tasks, looks = len(asyncio.all_tasks()), watcher.looks
        run = await site.app.start(flows.nap(), run_id="napping")
        await asyncio.gather(*[_until(reader, "suspended") for reader in readers])
        await run.cancel()
        await asyncio.gather(*[_until(reader, "cancelled") for reader in readers])
        assert watcher.looks - looks < 20
        assert len(asyncio.all_tasks()) <= tasks + 2, "that is: no task a reader"
        for reader in readers:
            await reader.aclose()

    on_site(scenario)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_another_process_writes_is_told_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Another app on the same database is as far away as another process."""
    url = f"sqlite:///{tmp_path}/changes.db"
    if kind == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url()

    async def main() -> None:
        async with App(url, worker=False) as app, App(url, worker=False) as other:
            watcher = RunWatcher(app)
            async with aclosing(await _reader(watcher)) as reader:
                await anext(reader)
                for number in range(3):
                    run = await other.start(flows.nap(), run_id=f"nap-{number}")
                    async with asyncio.timeout(PROMPT):
                        assert (await anext(reader)).run == run.id

    asyncio.run(main())


def test_readers_are_told_that_the_app_is_closed() -> None:
    async def main() -> None:
        app = App("memory://")
        async with app:
            watcher = RunWatcher(app)
            reader = await _reader(watcher)
            await anext(reader)
        with pytest.raises(OutlastError):
            async with asyncio.timeout(5):
                await anext(reader)
        with pytest.raises(NoAppError):
            await watcher.changes(ALL, "all", None)

    asyncio.run(main())


def test_a_page_that_nobody_reads_is_forgotten(
    on_site: OnSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LINGER", 0.0)

    async def scenario(site: Site) -> None:
        watcher = RunWatcher(site.app)
        async with aclosing(await _reader(watcher)) as reader:
            await anext(reader)
        await site.app.start(flows.nap())
        assert watcher.task is not None
        await asyncio.wait_for(watcher.task, 5)

    on_site(scenario)
