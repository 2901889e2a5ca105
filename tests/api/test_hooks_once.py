"""Hooks that take one payload: of contradictory answers at the same moment one counts, and the others are told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from outlast import App, Run, hook, resume, start, workflow
from outlast.errors import HookNotFoundError
from outlast.testing import FaultyWorld, SkippingClock, Unavailable
from outlast.worlds.memory import MemoryWorld
from tests.api.conftest import Bench
from tests.postgres import Postgres


@workflow(name="once.approval")
async def approval() -> str:
    async with hook(str, token="approval", once=True) as asked:
        return await asked


async def opened(app: App) -> None:
    async with asyncio.timeout(20):
        while not (await app.list_hooks()).hooks:
            await asyncio.sleep(0)


def heard(answers: Sequence[str | BaseException], said: Sequence[str]) -> list[str]:
    """What those have said who were not told otherwise."""
    assert all(isinstance(answer, str | HookNotFoundError) for answer in answers), answers
    return [
        word
        for word, answer in zip(said, answers, strict=True)
        if not isinstance(answer, Exception)
    ]


def test_of_answers_at_the_same_moment_one_counts(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await start(approval())
        await opened(app)
        said = ["yes", "no", "perhaps"]
        answers = await asyncio.gather(
            *[resume("approval", word) for word in said], return_exceptions=True
        )
        [word] = heard(answers, said)
        assert await run.result("20s") == word
        received = [event for event in await run.events() if event.kind == "hook_received"]
        assert len(received) == 1

    on_app(scenario)


@pytest.mark.parametrize("world", ["sqlite", "postgres"])
def test_of_two_processes(world: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each has a world of its own on one database, and nobody serves: the run cannot have gone on meanwhile."""
    url = f"sqlite:///{tmp_path}/t.db"
    if world == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url()

    async def main() -> None:
        async with App(url) as app:
            run_id = (await start(approval())).id
            await opened(app)
        async with App(url, worker=False) as one, App(url, worker=False) as other:
            answers = await asyncio.gather(
                one.resume("approval", "yes"),
                other.resume("approval", "no"),
                return_exceptions=True,
            )
            [word] = heard(answers, ["yes", "no"])
            with pytest.raises(HookNotFoundError):
                await other.resume("approval", "too late")
        async with App(url) as app:
            run: Run[str] = app.get_run(run_id)
            assert await run.result("20s") == word

    asyncio.run(main())


@pytest.mark.parametrize("key", [None, "mail-1"])
def test_who_was_heard_is_not_told_otherwise_when_the_answer_was_lost(key: str | None) -> None:
    async def main() -> None:
        clock = SkippingClock()
        world = FaultyWorld(MemoryWorld(clock))
        async with App(world=world, clock=clock) as app:
            run = await start(approval())
            await opened(app)
            world.inject(Unavailable(call=1, when="after", of="commit"))
            assert await resume("approval", "yes", key=key) == run.id
            assert await run.result() == "yes"

    asyncio.run(main())


def test_who_sends_again_with_the_same_key_is_told_that_it_counts(tmp_path: Path) -> None:
    async def main() -> None:
        url = f"sqlite:///{tmp_path}/t.db"
        async with App(url) as app:
            run_id = (await start(approval())).id
            await opened(app)
        async with App(url, worker=False):
            assert await resume("approval", "yes", key="mail-1") == run_id
            assert await resume("approval", "yes", key="mail-1") == run_id
            with pytest.raises(HookNotFoundError):
                await resume("approval", "no", key="mail-2")
            with pytest.raises(HookNotFoundError):
                await start(approval(), token="approval", payload="no")

    asyncio.run(main())


def test_a_start_with_a_payload_is_an_answer_like_any_other() -> None:
    async def main() -> None:
        async with App("memory://") as app:
            run = await start(approval())
            await opened(app)
            same = await start(approval(), token="approval", payload="yes")
            assert same.id == run.id
            assert await run.result("20s") == "yes"

    asyncio.run(main())
