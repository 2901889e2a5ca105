"""Replay verification finds nondeterminism on the first run, and nothing else."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from outlast import App, Call, WorkerOptions, sleep, step, workflow
from outlast.errors import RunBlockedError
from outlast.testing import SkippingClock
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Ended, live, tell
from tests.laws.shapes import SHAPES

VERIFYING = WorkerOptions(verify_replay=True)

executions = itertools.count()


@step(name="verification.note")
async def note(text: str) -> str:
    return text


@workflow(name="verification.counts_executions")
async def counts_executions() -> str:
    return await note(f"execution {next(executions)}")


@workflow(name="verification.sleeps_by_execution")
async def sleeps_by_execution() -> None:
    await sleep(1_000 + next(executions))


@workflow(name="verification.returns_the_execution")
async def returns_the_execution() -> int:
    await note("once")
    return next(executions)


@workflow(name="verification.steps_more_and_more")
async def steps_more_and_more() -> None:
    async with asyncio.TaskGroup() as group:
        for n in range(next(executions) % 3):
            group.create_task(sleep(1_000 + n))
        group.create_task(sleep(2_000))


@pytest.mark.parametrize("name", SHAPES)
def test_deterministic_code_passes(name: str, make_memory: MakeData) -> None:
    shape = SHAPES[name]
    plain = tell(make_memory, lambda app: shape.play(app, RUN))
    story = tell(make_memory, lambda app: shape.play(app, RUN), options=VERIFYING)
    check_story(story)
    assert story.ended == plain.ended
    assert step_outcomes(story) == step_outcomes(plain)


@pytest.mark.parametrize(
    "flow", [counts_executions, sleeps_by_execution, returns_the_execution, steps_more_and_more]
)
def test_what_differs_blocks_the_run(flow: Callable[[], Call[Any]], make_data: MakeData) -> None:
    async def main() -> Ended | None:
        clock = SkippingClock(threshold=0)
        data = make_data(clock)

        async def script(app: App) -> None:
            await (await app.start(flow(), run_id=RUN)).result()

        return (await live(data, clock, script, options=VERIFYING)).ended

    ended = asyncio.run(main())
    assert ended is not None
    assert ended.error is RunBlockedError
    assert "replayed at once for verification" in ended.text
