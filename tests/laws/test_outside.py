"""Law 5, for what comes from outside: what was acknowledged is in the log once, in order, and takes effect, however
the owner fares. (Hooks will add payloads to it.)"""

from typing import Any

import pytest

from outlast import App, RunCancelledError, get_run, set_attributes, sleep, step, workflow
from outlast._model.events import CancelRequested, WakeRequested
from outlast.testing import Crash, Repeat, Unavailable
from tests.laws.checks import check_story
from tests.laws.data import MakeData
from tests.laws.lives import RUN, Log, Story, tell

NAPS = 3


@workflow
async def naps() -> int:
    """Ends after so many wakes, or after as many years."""
    for _ in range(NAPS):
        await sleep("365 days")
    return NAPS


@step
async def clean_up(n: int) -> int:
    return n


@workflow
async def tidy_sleeper() -> None:
    try:
        await sleep("365 days")
    finally:
        await clean_up(1)
        await sleep("1h")
        await clean_up(2)


class Waker:
    """Somebody outside who wakes the run so often, and again only what was not acknowledged."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.sent = 0

    async def play(self, app: App) -> Any:
        run = await app.start(naps(), run_id=RUN)
        while self.acknowledged < NAPS:
            self.sent += 1
            await run.wake()
            self.acknowledged += 1
        return await run.result()


def wakes(log: Log) -> int:
    return sum(isinstance(logged.event, WakeRequested) for logged in log)


def reference(make_data: MakeData) -> Story:
    return tell(make_data, Waker().play)


def test_each_wake_ends_one_sleep(make_data: MakeData) -> None:
    story = reference(make_data)
    check_story(story)
    assert story.ended.result == NAPS
    assert wakes(story.logs[RUN]) == NAPS
    assert story.clock.time.year == 2030


@pytest.mark.parametrize("when", ["before", "after"])
def test_wakes_survive_the_owner(make_memory: MakeData, when: Any) -> None:
    for call in range(1, len(reference(make_memory).lives[0].calls) + 1):
        waker = Waker()
        story = tell(make_memory, waker.play, [Crash(call=call, when=when)])
        check_story(story)
        assert story.ended.result == NAPS
        assert waker.acknowledged <= wakes(story.logs[RUN]) <= waker.sent
        assert story.clock.time.year == 2030, "a wake was lost: the run slept for a year"


@pytest.mark.parametrize("times", [1, 3])
def test_a_wake_whose_answer_was_lost_ends_one_sleep(make_memory: MakeData, times: int) -> None:
    """It comes again, but is in the log once; so the sleeps after it are not ended by it."""
    commits = reference(make_memory).lives[0].calls.count("commit")
    for call in range(1, commits + 1):
        waker = Waker()
        fault = Unavailable(call=call, times=times, when="after", of="commit")
        story = tell(make_memory, waker.play, [fault])
        check_story(story)
        assert wakes(story.logs[RUN]) == waker.sent == NAPS, fault
        assert story.ended.result == NAPS


@pytest.mark.parametrize("call", [2, 3, 4])
def test_a_wake_whose_answer_was_lost_ends_one_sleep_elsewhere(
    make_data: MakeData, call: int
) -> None:
    waker = Waker()
    story = tell(make_data, waker.play, [Unavailable(call=call, when="after", of="commit")])
    check_story(story)
    assert wakes(story.logs[RUN]) == waker.sent == NAPS


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_wakes_survive_the_owner_elsewhere(make_sqlite: MakeData, call: int) -> None:
    waker = Waker()
    story = tell(make_sqlite, waker.play, [Crash(call=call, of="commit", when="after")])
    check_story(story)
    assert waker.acknowledged <= wakes(story.logs[RUN]) <= waker.sent
    assert story.clock.time.year == 2030


async def cancel_twice(app: App) -> Any:
    run = await app.start(tidy_sleeper(), run_id=RUN)
    await run.cancel("the first")
    await run.cancel("the second")
    return await run.result()


def test_the_first_cancellation_counts_and_the_clean_up_is_not_cancelled(
    make_data: MakeData,
) -> None:
    story = tell(make_data, cancel_twice)
    check_story(story)
    assert story.ended.error is RunCancelledError
    assert "the first" in story.ended.text
    events = [logged.event for logged in story.logs[RUN]]
    asked = [event.reason for event in events if isinstance(event, CancelRequested)]
    assert asked == ["the first", "the second"]
    steps = [event.id for event in events if hasattr(event, "result") and hasattr(event, "id")]
    assert steps == ["clean_up#1", "clean_up#2"]


@pytest.mark.parametrize(
    "fault",
    [
        Repeat(call=1),
        Repeat(call=2),
        Unavailable(call=2, of="commit"),
        Unavailable(call=2, of="commit", when="after"),
    ],
)
def test_what_is_delivered_twice_takes_effect_once(make_data: MakeData, fault: Any) -> None:
    story = tell(make_data, cancel_twice, [fault])
    check_story(story)
    assert "the first" in story.ended.text


@step
async def note_outside(run_id: str) -> None:
    """A step of one run that does something to another one."""
    await get_run(run_id).cancel("by a step")


@workflow
async def canceller(run_id: str) -> str:
    await note_outside(run_id)
    await set_attributes({"done": True})
    return "done"


def test_a_step_may_cancel_another_run(make_data: MakeData) -> None:
    async def script(app: App) -> Any:
        other = await app.start(tidy_sleeper(), run_id="other")
        await (await app.start(canceller(other.id), run_id=RUN)).result()
        return await other.result()

    story = tell(make_data, script)
    check_story(story)
    assert "by a step" in story.ended.text
