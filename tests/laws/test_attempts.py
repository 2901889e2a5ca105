"""Attempts that are cancelled at an awkward time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from outlast import App, Call, sleep, step, workflow
from tests.laws.checks import check_story
from tests.laws.data import MakeData
from tests.laws.lives import RUN, tell


@step(name="attempts.quick")
async def quick(n: int) -> int:
    return n


@step(name="attempts.stubborn")
async def stubborn(n: int) -> int:
    """Is asked to stop, and goes on to its end."""
    with suppress(asyncio.CancelledError):
        await asyncio.get_running_loop().create_future()
    return n


@workflow(name="attempts.changes_its_mind")
async def changes_its_mind() -> str:
    first, second = asyncio.create_task(quick(1)), asyncio.create_task(quick(2))
    await first
    third = asyncio.create_task(quick(3))
    await second
    third.cancel()
    await sleep("1 day")
    return "done"


@workflow(name="attempts.leaves_a_stubborn_one")
async def leaves_a_stubborn_one() -> int:
    task = asyncio.create_task(stubborn(1))
    result = await quick(2)
    return result if not task.done() else -1


@workflow(name="attempts.cancels_a_stubborn_one")
async def cancels_a_stubborn_one() -> str:
    task = asyncio.create_task(stubborn(1))
    await quick(2)
    task.cancel()
    await sleep("1 day")
    return "done"


def test_an_attempt_cancelled_before_it_begins_leaves_nothing_behind(make_data: MakeData) -> None:
    """Both steps end in one commit, so the third one is asked for and cancelled in one go."""
    story = tell(make_data, lambda app: app_result(app, changes_its_mind))
    check_story(story)
    assert story.ended.result == "done"


def test_nothing_comes_after_the_end_of_a_run(make_data: MakeData) -> None:
    story = tell(make_data, lambda app: app_result(app, leaves_a_stubborn_one))
    check_story(story)
    assert story.ended.result == 2


def test_what_a_cancelled_attempt_still_gives_is_ignored(make_data: MakeData) -> None:
    story = tell(make_data, lambda app: app_result(app, cancels_a_stubborn_one))
    check_story(story)
    assert story.ended.result == "done"


async def app_result(app: App, flow: Callable[[], Call[Any]]) -> Any:
    run = await app.start(flow(), run_id=RUN)
    return await run.result()
