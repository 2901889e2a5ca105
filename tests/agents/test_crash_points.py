"""A run of an agent is killed before and after each call to the world: it ends with the same messages, and each request
and each call of a tool is recorded once."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

import pytest
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import ModelMessagesTypeAdapter

from outlast import App, resume, start, workflow
from outlast._clock import SECOND, sleep_until
from outlast._model.events import StepCompleted
from outlast._model.runs import TERMINAL
from outlast.agents import Approval, Durable, in_workflow, sleep_tool
from outlast.errors import HookNotFoundError
from outlast.testing import Crash
from tests.agents.scripted import Script
from tests.laws.checks import check_story, step_outcomes
from tests.laws.data import Cover, MemoryData
from tests.laws.lives import RUN, Story, tell

SCRIPT: Final = Script(
    [
        [("look", {"at": "a"}), ("look", {"at": "b"})],
        [("pay", {"amount": 5}), ("look", {"at": "c"})],
        [("sleep", {"duration": "1 hour"}), ("think", {"about": "it"})],
        [("look", {"at": "nothing"})],
        [("look", {"at": "d"})],
        "all seen",
    ]
)
When: TypeAlias = Literal["before", "after"]
Point: TypeAlias = tuple[int, When]
WHEN: Final[tuple[When, ...]] = ("before", "after")
looked: list[str] = []
agent = Agent(
    SCRIPT.model(),
    name="crashing",
    capabilities=[Durable(stream="events")],
    tools=[sleep_tool()],
)


@pytest.fixture
def cover(record_property: Callable[[str, object], None]) -> Cover:
    """Count what was tried; the sums are told at the end of the session."""
    return record_property


@agent.tool_plain
async def look(at: str) -> str:
    looked.append(at)
    if at == "nothing":
        raise ModelRetry("there is nothing to see")
    return f"seen {at}"


@agent.tool_plain(requires_approval=True)
def pay(amount: int) -> int:
    looked.append(f"pay {amount}")
    return amount


@agent.tool_plain(metadata=in_workflow())
async def think(about: str) -> str:
    return f"thought about {about}"


@workflow(name="agents.serve")
async def serve(prompt: str) -> list[Any]:
    result = await agent.run(prompt)
    messages: list[Any] = ModelMessagesTypeAdapter.dump_python(result.all_messages(), mode="json")
    usage = result.usage
    return [result.output, usage.requests, usage.tool_calls, usage.input_tokens, messages]


async def play(app: App) -> Any:
    run = await start(serve("look around"), run_id=RUN)
    while await run.status() not in TERMINAL:
        for found in (await app.list_hooks(RUN)).hooks:
            assert found.metadata["tool"] == "pay"
            await approve(found.token)
        clock = app.runtime.clock
        await sleep_until(clock, clock.now() + 1_200 * SECOND)
    return await run.result()


async def approve(token: str) -> None:
    try:
        await resume(token, Approval(approved=True), key="the answer")
    except HookNotFoundError:
        return  # it was answered by a life before


def test_a_run_that_is_killed_after_a_write_ends_with_the_same_messages(cover: Cover) -> None:
    reference = undisturbed()
    calls = reference.lives[0].calls
    writes = [n for n, call in enumerate(calls, 1) if call in ("commit", "deliver")]
    streamed = [n for n, call in enumerate(calls, 1) if call == "write_streams"]
    chance = random.Random("writes")
    points: list[Point] = [(call, "after") for call in writes[::2]]
    points += [(call, "before") for call in chance.sample(writes, 2) + chance.sample(streamed, 2)]
    try_points(cover, reference, points)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_killed_anywhere_ends_with_the_same_messages(cover: Cover) -> None:
    reference = undisturbed()
    calls = range(1, len(reference.lives[0].calls) + 1)
    try_points(cover, reference, itertools.product(calls, WHEN))


def undisturbed() -> Story:
    story = told()
    check(story)
    assert story.ended.result[:4] == ["all seen", 6, 7, 300]
    return story


def try_points(cover: Cover, reference: Story, points: Iterable[Point]) -> None:
    once = len(looked) + len(SCRIPT.asked)
    tried = died = repeated = 0
    for call, when in points:
        story = told(Crash(call=call, when=when))
        check(story)
        assert untimed(story.ended.result) == untimed(reference.ended.result), (call, when)
        assert step_outcomes(story) == step_outcomes(reference), (call, when)
        tried += 1
        died += len(story.lives) > 1
        repeated += len(looked) + len(SCRIPT.asked) - once
    assert 2 * died >= tried
    cover("crash points of an agent", died)
    cover("calls of its model and tools that were made again", repeated)


def told(*deaths: Crash) -> Story:
    looked.clear()
    SCRIPT.asked.clear()
    return tell(MemoryData, play, *[[death] for death in deaths])


def check(story: Story) -> None:
    check_story(story)
    assert story.ended.error is None, story.ended
    steps = Counter(
        one.event.name for one in story.logs[RUN] if isinstance(one.event, StepCompleted)
    )
    toolset = "crashing__function_toolset__<agent>.call_tool"
    assert steps[f"{toolset}:look"] == 5
    assert steps[f"{toolset}:pay"] == 1
    assert steps["crashing__model.request_stream"] == 6


def untimed(form: Any) -> Any:
    """What the run has come to, without the times, which differ from one life to another."""
    match form:
        case dict():
            return {key: untimed(value) for key, value in form.items() if key != "timestamp"}
        case list():
            return [untimed(value) for value in form]
        case _:
            return form
