"""Law 2 and 3: whatever call to the world a process dies at, the run ends as it would have."""

from collections.abc import Iterator
from typing import Literal

import pytest

from outlast.testing import Crash
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Story, tell
from tests.laws.shapes import SHAPES, Shape

WHENS: tuple[Literal["before", "after"], ...] = ("before", "after")


@pytest.mark.parametrize("name", SHAPES)
def test_undisturbed(name: str, make_data: MakeData) -> None:
    shape = SHAPES[name]
    story = undisturbed(make_data, shape)
    if shape.ends is not ...:
        assert story.ended.error is shape.ends if isinstance(shape.ends, type) else True
        assert story.ended.result == shape.ends or isinstance(shape.ends, type)


@pytest.mark.parametrize("name", SHAPES)
def test_every_call_in_memory(name: str, make_memory: MakeData) -> None:
    shape = SHAPES[name]
    reference = undisturbed(make_memory, shape)
    points = list(points_of(reference))
    for crash in points:
        check_recovery(make_memory, shape, reference, crash)
    print(f"{name}: {len(points)} crash points")


def points_of(story: Story) -> Iterator[Crash]:
    """Before and after every call that the undisturbed process made."""
    for call in range(1, len(story.lives[0].calls) + 1):
        for when in WHENS:
            yield Crash(call=call, when=when)


def undisturbed(make_data: MakeData, shape: Shape) -> Story:
    story = tell(make_data, lambda app: shape.play(app, RUN))
    check_story(story)
    return story


def check_recovery(make_data: MakeData, shape: Shape, reference: Story, *crashes: Crash) -> None:
    story = tell(make_data, lambda app: shape.play(app, RUN), *[(crash,) for crash in crashes])
    try:
        check_story(story)
        assert story.ended == reference.ended
        assert step_outcomes(story) == step_outcomes(reference)
    except AssertionError as error:
        error.add_note(f"crashes: {crashes}; calls: {[life.calls for life in story.lives]}")
        raise
