"""Replaying recorded logs on code that has changed since, and on code that has not."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outlast import App, Call, Workflow, sleep, step, workflow
from outlast.testing import History, SkippingClock, assert_replays, record_history, replay


@step
async def buy(item: str) -> str:
    return f"bought {item}"


@step
async def sell(item: str) -> str:
    return f"sold {item}"


@workflow
async def trade(item: str) -> str:
    await buy(item)
    await sleep("1 day")
    return await sell(item)


@workflow
async def dear(item: str) -> str:
    raise ValueError(item)


def later(fn: Any) -> Workflow[..., Any]:
    """The workflow `trade` as it is written some time later."""
    changed = workflow(name=f"{fn.__name__} for trade")(fn)
    changed.__outlast_definition__.__dict__["name"] = "trade"
    return changed


@later
async def reworded(item: str) -> str:
    bought = await buy(item)
    await asyncio.sleep(86_400)
    return (await sell(item)) if bought else ""


@later
async def other_order(item: str) -> str:
    await sell(item)
    await sleep("1 day")
    return await buy(item)


@later
async def other_argument(item: str) -> str:
    await buy(item.upper())
    await sleep("1 day")
    return await sell(item)


@later
async def other_result(item: str) -> str:
    await buy(item)
    await sleep("1 day")
    return f"{await sell(item)}!"


@later
async def goes_on(item: str) -> str:
    await buy(item)
    await sleep("1 day")
    await sell(item)
    return await buy(item)


@workflow
async def first_error() -> str:
    try:
        raise LookupError
    except LookupError as error:
        return f"after {error.__context__}"


async def recorded(call: Call[Any]) -> History:
    async with App("memory://", clock=SkippingClock(threshold=0)) as app:
        run = await app.start(call)
        await asyncio.gather(run.result(), return_exceptions=True)
        return await record_history(run)


@pytest.fixture(scope="module")
def history() -> History:
    return asyncio.run(recorded(trade("tea")))


def test_unchanged_code_replays(history: History) -> None:
    report = replay(history, trade)
    assert report.ok
    assert report.events == len(history.events)
    assert report.standing == ('the end, with the result "sold tea"',)


def test_code_may_be_reworded(history: History) -> None:
    assert_replays(history, reworded)


@pytest.mark.parametrize(
    ("changed", "position", "recorded", "asked"),
    [
        (other_order, 1, "step_completed buy#1", "step sell#1"),
        (other_argument, 1, "step_completed buy#1", "step buy#1"),
        (other_result, 4, 'with the result "sold tea"', 'with the result "sold tea!"'),
        (goes_on, 4, 'with the result "sold tea"', "more: it has not ended"),
    ],
)
def test_what_has_changed_is_told(
    history: History, changed: Workflow[..., Any], position: int, recorded: str, asked: str
) -> None:
    report = replay(history, changed)
    assert report.problem is not None
    assert report.events >= position
    assert recorded in report.problem
    assert asked in report.problem
    with pytest.raises(AssertionError, match="recorded:"):
        assert_replays(history, changed)


def test_the_beginning_of_a_log_tells_what_is_asked_next(history: History) -> None:
    beginning = History(
        run_id=history.run_id,
        workflow=history.workflow,
        version=history.version,
        events=history.events[:1],
    )
    report = replay(beginning, trade)
    assert report.ok
    assert [line.partition(" (")[0] for line in report.standing] == ["attempt 1 of step buy#1"]


def test_an_error_is_compared_by_its_class() -> None:
    failed = asyncio.run(recorded(dear("tea")))
    assert replay(failed, dear).standing == ("the end, with ValueError",)


def test_the_code_does_not_run_in_the_handling_of_an_error() -> None:
    assert_replays(asyncio.run(recorded(first_error())), first_error)


def test_it_replays_inside_of_a_running_loop(history: History) -> None:
    async def main() -> bool:
        return replay(history, trade).ok

    assert asyncio.run(main())


def test_a_history_is_kept_in_a_file(history: History, tmp_path: Path) -> None:
    file = tmp_path / "trade.json"
    history.save(file)
    assert History.load(file) == history
    assert_replays(file, trade)
    assert_replays(str(file), trade)


def test_a_history_of_another_workflow_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="a history of 'trade', not of 'dear'"):
        replay(history, dear)


def test_what_is_no_workflow_is_refused(history: History) -> None:
    for wrong in (trade("tea"), trade.fn):
        no_workflow: Any = wrong
        with pytest.raises(TypeError, match="takes a workflow"):
            replay(history, no_workflow)


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    file.write_text('{"run_id": 1}')
    with pytest.raises(ValueError, match="run_id"):
        replay(file, trade)
