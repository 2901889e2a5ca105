"""A world that cannot be used for a while costs time, and nothing else."""

import random
from collections.abc import Iterable
from typing import Any

import pytest

from outlast import App, step, workflow
from outlast.testing import Crash, Unavailable
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Script, Story, insist, tell
from tests.laws.shapes import SHAPES

TIMES = 3
SOME = ["race", "retries", "children", "cancelled_child", "cancelled", "daily"]
ALL = [name for name in SHAPES if name != "hooks"]
"""Without the shape whose steps resume hooks themselves: these fail, and are tried again, while nobody can."""
MANY = 230
"""More events than a claimed run comes with on any world: the rest of its log is read."""


@pytest.mark.parametrize("name", SOME)
def test_at_each_third_call(name: str, make_memory: MakeData) -> None:
    reference = tell(make_memory, insisting(name))
    first = random.Random(name).randint(1, 3)
    try_points(make_memory, name, reference, range(first, len(reference.lives[0].calls) + 1, 3))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_at_every_call(name: str, make_memory: MakeData) -> None:
    reference = tell(make_memory, insisting(name))
    try_points(make_memory, name, reference, range(1, len(reference.lives[0].calls) + 1))


@pytest.mark.parametrize("name", SOME)
def test_an_answer_that_is_lost(name: str, make_memory: MakeData) -> None:
    """What was written without anybody hearing of it is not written again."""
    reference = tell(make_memory, insisting(name))
    commits = reference.lives[0].calls.count("commit")
    try_points(make_memory, name, reference, range(1, commits + 1), when="after", of="commit")


@pytest.mark.parametrize("name", SOME)
def test_at_some_calls(name: str, make_sqlite: MakeData) -> None:
    reference = tell(make_sqlite, insisting(name))
    points = range(1, len(reference.lives[0].calls) + 1)
    try_points(make_sqlite, name, reference, random.Random(name).sample(points, 3))


@step(name="unavailable.count")
async def count(n: int) -> int:
    return n


@workflow(name="unavailable.long_log")
async def long_log() -> int:
    total = 0
    for n in range(MANY):
        total += await count(n)
    return total


def test_while_a_long_log_is_read(make_data: MakeData) -> None:
    """A run that was claimed is not forgotten if the rest of its log cannot be read at once."""

    async def script(app: App) -> Any:
        run = await app.start(long_log(), run_id=RUN)
        return await insist(run.result)

    story = tell(
        make_data,
        script,
        [Crash(call=MANY, of="commit")],
        [Unavailable(call=1, times=2, of="read")],
    )
    check_story(story)
    assert story.ended.result == sum(range(MANY))


def insisting(name: str) -> Script:
    """What is done with a shape's run, by somebody who tries again."""
    return lambda app: insist(lambda: SHAPES[name].play(app, RUN))


def try_points(
    make_data: MakeData, name: str, reference: Story, points: Iterable[int], **fields: Any
) -> None:
    for call in points:
        fault = Unavailable(call=call, times=TIMES, **fields)
        story = tell(make_data, insisting(name), [fault])
        try:
            check_story(story)
            assert story.ended == reference.ended
            assert step_outcomes(story) == step_outcomes(reference)
        except AssertionError as error:
            error.add_note(f"{fault}; calls: {[life.calls for life in story.lives]}")
            raise
