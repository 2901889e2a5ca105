"""Laws 1 to 4 and 7 for generated workflows, over interleavings, faults and deaths."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from outlast import App, RunFailedError
from outlast._model.events import RunCreated
from outlast.testing import Crash, Delay, Fault, Repeat, Unavailable
from tests.laws.checks import check_story
from tests.laws.data import MakeData, MemoryData, in_files
from tests.laws.generated import Pace, Program, expected, interpret, programs
from tests.laws.lives import RUN, Log, Story, insist, tell
from tests.laws.test_replay import begun

calls = st.integers(1, 40)
crashes = st.builds(Crash, call=calls, when=st.sampled_from(["before", "after"]))
troubles = st.one_of(
    st.builds(Delay, call=calls, turns=st.integers(1, 30)),
    st.builds(
        Unavailable,
        call=calls,
        times=st.integers(1, 3),
        when=st.sampled_from(["before", "after"]),
        of=st.sampled_from([None, "commit"]),
    ),
    st.builds(Repeat, call=calls),
)
lives = st.lists(
    st.builds(lambda crash, more: [crash, *more], crashes, st.lists(troubles, max_size=2)),
    max_size=2,
)
"""The faults of each process but the last: it dies of one."""

RETRIED_AS_IT_LETS_GO: Program = {"sequence": [{"child": {"work": [0, 0]}}, {"work": [0, 1]}]}
"""The run has waited for a child, and its step is to be tried again at the moment in which it would let go."""

AWAY_AS_IT_IS_ANSWERED: list[list[Fault]] = [[Unavailable(call=3, times=2, of="commit")]]
"""The step that answers a hook waits for a commit that is tried again."""

pytestmark = pytest.mark.law


@given(program=programs, deaths=lives, seed=st.integers(0, 1_000))
@example(program=RETRIED_AS_IT_LETS_GO, deaths=[], seed=0)
@example(program={"ask": 3}, deaths=AWAY_AS_IT_IS_ANSWERED, seed=0)
def test_a_program_comes_to_what_it_must(
    program: Program, deaths: list[list[Fault]], seed: int
) -> None:
    check_program(MemoryData, program, deaths, seed)


@settings(max_examples=settings().max_examples // 5, suppress_health_check=list(HealthCheck))
@given(program=programs, deaths=lives, seed=st.integers(0, 1_000))
def test_it_does_so_elsewhere(
    tmp_path_factory: pytest.TempPathFactory,
    program: Program,
    deaths: list[list[Fault]],
    seed: int,
) -> None:
    folder = tmp_path_factory.mktemp("generated")
    check_program(in_files(folder), program, deaths, seed)


def check_program(
    make_data: MakeData, program: Program, deaths: list[list[Fault]], seed: int
) -> None:
    Pace.seed = seed

    async def script(app: App) -> Any:
        run = await app.start(interpret(program), run_id=RUN)
        return await insist(run.result)

    story = tell(make_data, script, *deaths)
    event(f"lives: {len(story.lives)}, runs: {len(story.logs)}")
    check_story(story)
    check_replays(story)
    result = expected(program)
    assert story.ended.result == result
    assert story.ended.error is (None if result is not None else RunFailedError)


outside = st.lists(
    st.tuples(st.sampled_from(["cancel", "wake"]), st.integers(1, 25)), min_size=1, max_size=4
)


@given(program=programs, deaths=lives, seed=st.integers(0, 1_000), acts=outside)
def test_what_comes_from_outside_finds_a_run_that_obeys_the_laws(
    program: Program, deaths: list[list[Fault]], seed: int, acts: list[tuple[str, int]]
) -> None:
    """Its end depends on when it comes; but the log tells of it, and the code replays to it."""
    Pace.seed = seed

    async def script(app: App) -> Any:
        run = await app.start(interpret(program), run_id=RUN)
        ended = asyncio.ensure_future(insist(run.result))
        for act, turns in acts:
            for _ in range(turns):
                await asyncio.sleep(0)
            await (run.cancel(act) if act == "cancel" else run.wake())
        return await ended

    story = tell(MemoryData, script, *deaths)
    event(f"ended: {story.statuses[RUN]}")
    check_story(story)
    check_replays(story)


def check_replays(story: Story) -> None:
    """The code, fed with each log, ends as the log says."""
    for run_id, log in story.logs.items():
        check_replay(run_id, log)


def check_replay(run_id: str, log: Log) -> None:
    assert isinstance(log[0].event, RunCreated)
    execution = begun(run_id, log)
    for logged in log[:-1]:
        execution.feed(logged)
    outcome = execution.outcome
    execution.close()
    assert type(log[-1].event).__name__ == f"Run{type(outcome).__name__}"
