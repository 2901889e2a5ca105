"""Law 2 and 3: whatever call to the world a process dies at, the run ends as it would have.

Each shape is run undisturbed once; then the process dies before, and after, each of the calls to the world that it
made, and another process goes on with what is in the world. In memory all points of the shapes in `WHOLE` are tried, and
each tenth one of the others; on the other worlds a seeded sample. `make laws` tries all of them everywhere, and two
deaths one after the other.
"""

import itertools
import random
from collections.abc import Iterable, Iterator

import pytest

from outlast.testing import Crash
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import Cover, MakeData
from tests.laws.lives import RUN, Story, tell
from tests.laws.shapes import SHAPES, Shape

WHOLE = [
    "sequence",
    "hooks",
    "gathering",
    "failing_group",
    "race",
    "children",
    "cancelled",
    "attributes",
    "detached",
    "fan_out",
    "as_completed",
    "locks",
]
REST = [name for name in SHAPES if name not in WHOLE]
TENTH = 10
SAMPLE = 2
PAIRS = 50
"""How many points, and pairs of points, are tried where not all are."""


@pytest.mark.parametrize("name", SHAPES)
def test_undisturbed(name: str, make_data: MakeData) -> None:
    shape = SHAPES[name]
    ended = undisturbed(make_data, shape).ended
    if isinstance(shape.ends, type):
        assert ended.error is shape.ends
    elif shape.ends is not ...:
        assert ended.error is None, ended
        assert ended.result == shape.ends


@pytest.mark.parametrize("name", WHOLE)
def test_every_call_in_memory(name: str, make_memory: MakeData, cover: Cover) -> None:
    cover("crash points", try_all(make_memory, name))


@pytest.mark.parametrize("name", REST)
def test_each_tenth_point_in_memory(name: str, make_memory: MakeData, cover: Cover) -> None:
    reference = undisturbed(make_memory, SHAPES[name])
    first = random.Random(name).randrange(TENTH)
    points = itertools.islice(points_of(reference), first, None, TENTH)
    cover("crash points", try_points(make_memory, name, reference, points))


@pytest.mark.parametrize("name", SHAPES)
def test_some_calls(name: str, make_sqlite: MakeData, cover: Cover) -> None:
    reference = undisturbed(make_sqlite, SHAPES[name])
    chosen = random.Random(name).sample(list(points_of(reference)), SAMPLE)
    cover("crash points", try_points(make_sqlite, name, reference, chosen))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", SHAPES)
def test_every_call(name: str, make_data: MakeData, cover: Cover) -> None:
    cover("crash points", try_all(make_data, name))


def test_every_call_of_the_start(make_memory: MakeData) -> None:
    """The calls that an app makes while it is opened, too."""
    shape = SHAPES["race"]
    reference = undisturbed(make_memory, shape)
    for call in itertools.count(1):
        story = tell(
            make_memory, lambda app: shape.play(app, RUN), [Crash(call=call)], at_start=True
        )
        check_same(story, reference, Crash(call=call))
        if len(story.lives) == 1:  # it made fewer calls than that
            break
    assert call > len(reference.lives[0].calls)


@pytest.mark.parametrize("name", ["children", "retries"])
def test_some_deaths_in_the_middle_of_recovery(
    name: str, make_data: MakeData, cover: Cover
) -> None:
    cover("pairs of crash points", try_pairs(make_data, name, 10))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", SHAPES)
def test_deaths_in_the_middle_of_recovery(name: str, make_data: MakeData, cover: Cover) -> None:
    cover("pairs of crash points", try_pairs(make_data, name, PAIRS))


def points_of(story: Story) -> Iterator[Crash]:
    """Before and after every call that the undisturbed process made."""
    for call in range(1, len(story.lives[0].calls) + 1):
        yield Crash(call=call, when="before")
        yield Crash(call=call, when="after")


def undisturbed(make_data: MakeData, shape: Shape) -> Story:
    story = tell(make_data, lambda app: shape.play(app, RUN))
    check_story(story)
    return story


def try_all(make_data: MakeData, name: str) -> int:
    reference = undisturbed(make_data, SHAPES[name])
    return try_points(make_data, name, reference, points_of(reference))


def try_points(make_data: MakeData, name: str, reference: Story, points: Iterable[Crash]) -> int:
    """How many points the process died at."""
    tried = [check_recovery(make_data, SHAPES[name], reference, point) for point in points]
    died = sum(len(story.lives) > 1 for story in tried)
    assert 2 * died >= len(tried), "the calls are not those of the undisturbed process"
    return died


def try_pairs(make_data: MakeData, name: str, tries: int) -> int:
    reference = undisturbed(make_data, SHAPES[name])
    points = list(points_of(reference))
    chance = random.Random(name)
    for _ in range(tries):
        check_recovery(make_data, SHAPES[name], reference, *chance.choices(points, k=2))
    return tries


def check_recovery(make_data: MakeData, shape: Shape, reference: Story, *crashes: Crash) -> Story:
    story = tell(make_data, lambda app: shape.play(app, RUN), *[[crash] for crash in crashes])
    check_same(story, reference, *crashes)
    return story


def check_same(story: Story, reference: Story, *crashes: Crash) -> None:
    """The run has ended as it does undisturbed, and the same is recorded of its steps."""
    try:
        check_story(story)
        assert story.ended == reference.ended
        assert step_outcomes(story) == step_outcomes(reference)
    except AssertionError as error:
        error.add_note(f"{crashes}; calls: {[life.calls for life in story.lives]}")
        raise
