"""What is called in a workflow and never awaited is warned of, by its name and line."""

import asyncio
import gc
import re
import warnings
from collections.abc import Iterable
from typing import Any

import pytest

from outlast import App, RunStatus, WorkerOptions, sleep, start, step, workflow
from tests.api.conftest import Bench, outcome


@step(name="forgotten.double")
async def double(number: int) -> int:
    return 2 * number


@workflow(name="forgotten.child")
async def child() -> int:
    return 1


@workflow(name="forgotten.forgets")
async def forgets(what: str) -> int:
    if what == "step":
        double(1)  # type: ignore[unused-coroutine]
    elif what == "child":
        child()
    return await double(2)


@pytest.mark.parametrize(("what", "named"), [("step", "double"), ("child", "child")])
def test_a_forgotten_await_is_warned_of(on_app: Bench, what: str, named: str) -> None:
    async def scenario(_: App) -> Any:
        return await outcome(await start(forgets(what)))

    said = rf"'forgotten\.{named}' was called but not awaited, test_forgotten_awaits\.py:\d+"
    with pytest.warns(RuntimeWarning, match=said) as caught:
        assert on_app(scenario) == 4
    assert caught[0].filename == "test_forgotten_awaits.py"


@workflow(name="forgotten.later")
async def later() -> int:
    steps, children = [double(1), double(2)], [child()]
    await sleep("1 hour")
    return sum([await one for one in steps]) + await children[0]


def test_leaving_memory_before_the_await_is_no_reason_to_warn(on_memory: Bench) -> None:
    async def scenario(_: App) -> Any:
        run = await start(later())
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0)
        gc.collect()
        await run.wake()
        return await outcome(run)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert on_memory(scenario, options=WorkerOptions(linger=0)) == 7
    assert caught == []


@workflow(name="forgotten.passes")
async def passes_on() -> int:
    call = child()
    await start(call)
    double(3).close()
    return await asyncio.create_task(double(1))


def test_what_is_started_closed_or_made_a_task_is_not_forgotten(on_app: Bench) -> None:
    async def scenario(_: App) -> Any:
        child()  # outside of a workflow a call is only looked at, and may be dropped
        return await outcome(await start(passes_on()))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert on_app(scenario) == 2
    assert caught == []


def test_outside_of_a_workflow_python_warns_and_names_the_step() -> None:
    async def main() -> None:
        double(1)  # type: ignore[unused-coroutine]

    with pytest.warns(RuntimeWarning, match=r"coroutine 'step 'forgotten\.double''"):
        asyncio.run(main())


@workflow(name="forgotten.twice")
async def twice(again: str) -> str:
    call = double(1)
    if again == "task":
        await asyncio.create_task(call)
    else:
        await call
    try:
        await (asyncio.create_task(call) if again == "task" else call)
    except RuntimeError as error:
        return str(error)
    return "awaited twice"


@pytest.mark.parametrize("again", ["await", "task"])
def test_a_call_is_awaited_once(on_memory: Bench, again: str) -> None:
    async def scenario(_: App) -> Any:
        return await outcome(await start(twice(again)))

    assert "await" in (said := on_memory(scenario))
    assert said != "awaited twice"


@workflow(name="forgotten.result")
async def uses_the_result(how: str) -> Any:
    call: Any = child() if how == "child" else double(1)
    match how:
        case "attribute" | "child":
            return call.total
        case "item":
            return call["total"]
        case "iterated":
            return list(call)
        case "compared":
            return call > 1
        case "added":
            return 1 + call
        case _:
            return [
                f"{call}",
                bool(call),
                isinstance(call, Iterable),
                hasattr(call, "__deepcopy__"),
            ]


@pytest.mark.filterwarnings(
    "ignore:step 'forgotten.double' was called", "ignore:workflow 'forgotten.child' was called"
)
@pytest.mark.parametrize("how", ["attribute", "item", "iterated", "compared", "added", "child"])
def test_a_result_that_was_not_awaited_has_nothing(on_memory: Bench, how: str) -> None:
    async def scenario(_: App) -> Any:
        return await outcome(await start(uses_the_result(how)))

    failed = on_memory(scenario)
    assert isinstance(
        failed.__cause__, AttributeError if how in ("attribute", "child") else TypeError
    )
    assert re.search(
        r"'forgotten\.\w+' was called but not awaited, test_forgotten_awaits\.py:\d+", str(failed)
    )
    assert "write `(await ...)" in str(failed)


@pytest.mark.filterwarnings("ignore:step 'forgotten.double' was called")
def test_a_call_may_still_be_looked_at(on_memory: Bench) -> None:
    async def scenario(_: App) -> Any:
        return await outcome(await start(uses_the_result("looked at")))

    assert on_memory(scenario) == [
        "<call of step 'forgotten.double', to be awaited>",
        True,
        False,
        False,
    ]
