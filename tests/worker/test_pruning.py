"""Runs that ended long ago are deleted: by the worker as they become old, or when somebody asks."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from outlast import App, Run, RunStatus, WorkerOptions, sleep, workflow
from outlast.errors import InvalidDurationError, RunNotFoundError, SettingsError
from tests.worker.conftest import Place, Play, outcome

At = Callable[[Play], None]
DAY = 86_400 * 1_000_000


@workflow(name="pruning.ends")
async def ends() -> int:
    return 1


@workflow(name="pruning.fails")
async def fails() -> None:
    raise ValueError("no")


@workflow(name="pruning.sleeps")
async def sleeps() -> None:
    await sleep("90 days")


async def left(app: App) -> set[str]:
    return {info.id for info in (await app.list_runs()).runs if info.workflow != "pruning.naps"}


def test_the_worker_deletes_what_is_older_than_the_retention(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default", retention="30 days") as app:
            old, lasting = await app.start(ends()), await app.start(sleeps())
            await old.result()
            await passes(place, app, "29 days")
            young = await app.start(ends())
            await young.result()
            assert await left(app) == {old.id, lasting.id, young.id}
            await passes(place, app, "2 days")
            assert await left(app) == {lasting.id, young.id}
            with pytest.raises(RunNotFoundError):
                await old.events()
            await passes(place, app, "40 days")
            assert await left(app) == {lasting.id}
            assert await lasting.status() is RunStatus.SUSPENDED

    at_place(play)


async def passes(place: Place, app: App, length: str) -> None:
    """Let time pass, as a sleeping run would see it, and upkeep with it."""
    await (await app.start(naps(length), run_id=f"nap-{length}")).result()


@workflow(name="pruning.naps")
async def naps(length: str) -> None:
    await sleep(length)
    await sleep("2 minutes")


def test_asked_for_it_deletes_by_age_status_and_workflow(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default") as app:
            runs: list[Run[Any]] = [await app.start(ends()) for _ in range(3)]
            runs += [await app.start(fails()) for _ in range(2)]
            for run in runs:
                await outcome(run)
            live = await app.start(sleeps())
            assert await app.prune("1 hour") == 0
            place.clock.advance("2 hours")
            assert await app.prune("1 hour", status="completed", workflow="pruning.fails") == 0
            assert await app.prune("1 hour", status=["failed", "cancelled"]) == 2
            assert await app.prune("1 hour", workflow="pruning.ends") == 3
            assert await app.prune(0) == 0
            assert await left(app) == {live.id}
            with pytest.raises(ValueError, match="'suspended' is no end"):
                await app.prune("1 hour", status="suspended")
            with pytest.raises(InvalidDurationError):
                await app.prune("soon")

    at_place(play)


def test_more_than_a_batch_is_deleted(at_place: At) -> None:
    async def play(place: Place) -> None:
        async with place.app("default") as app:
            runs = await asyncio.gather(*(app.start(ends()) for _ in range(520)))
            await asyncio.gather(*(run.result() for run in runs))
            place.clock.advance("1s")
            assert await app.prune(0) == 520

    at_place(play)


@pytest.mark.parametrize("queues", ["gpu", (), ("",), ("a\nb",), (1,), None])
def test_queues_are_printable_texts(queues: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        WorkerOptions(queues=queues)
    assert caught.value.setting == "queues"
