"""Options change how runs are worked on, and not what becomes of them."""

from functools import cache
from itertools import product

import pytest

from outlast import WorkerOptions
from outlast.testing import Crash
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Story, tell
from tests.laws.shapes import SHAPES

OPTIONS = {
    "one live run": WorkerOptions(max_live_runs=1),
    "one attempt": WorkerOptions(max_steps=1),
    "no linger": WorkerOptions(linger=0),
    "everything is slow": WorkerOptions(slow_step_after=0),
    "narrow": WorkerOptions(max_live_runs=1, max_steps=1, max_threads=1, linger=0),
}


ALL = list(product(SHAPES, OPTIONS))
SOME = [one for number, one in enumerate(ALL) if one[1] == "narrow" or number % 7 == 0]


@pytest.mark.parametrize(("name", "options"), SOME)
def test_the_outcome_is_the_same(name: str, options: str, make_memory: MakeData) -> None:
    check_outcome(name, options, make_memory)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), ALL)
def test_it_is_the_same_with_each(name: str, options: str, make_memory: MakeData) -> None:
    check_outcome(name, options, make_memory)


def check_outcome(name: str, options: str, make_memory: MakeData) -> None:
    shape, reference = SHAPES[name], undisturbed(name, make_memory)
    for deaths in ([], [[Crash(call=12)]]):
        story = tell(
            make_memory, lambda app: shape.play(app, RUN), *deaths, options=OPTIONS[options]
        )
        check_story(story)
        assert story.ended == reference.ended
        assert step_outcomes(story) == step_outcomes(reference)


@cache
def undisturbed(name: str, make_memory: MakeData) -> Story:
    return tell(make_memory, lambda app: SHAPES[name].play(app, RUN))
