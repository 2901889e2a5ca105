"""Plain asyncio in workflows."""

import asyncio
import gc
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from outlast import App, RunStatus, WorkerOptions, now, sleep, start, step, uuid4, workflow
from outlast import random as chance
from outlast._registry.durations import deadline, to_datetime
from outlast.errors import (
    InvalidDurationError,
    NotAllowedHereError,
    NotDurableError,
    RunFailedError,
)
from tests.api.conftest import Bench, outcome


@step(name="control_flow.double")
async def double(n: int) -> int:
    return 2 * n


@step(name="control_flow.fail", retries=0)
async def fail(text: str) -> None:
    raise ValueError(text)


@workflow
async def everything() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["gather"] = await asyncio.gather(double(1), double(2))
    mixed = await asyncio.gather(double(1), fail("x"), return_exceptions=True)
    found["gather_exceptions"] = [type(one).__name__ for one in mixed]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(double(n)) for n in (3, 4)]
    found["task_group"] = [task.result() for task in tasks]

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("in group"))
            group.create_task(sleep("1h"))
    except* Exception as errors:
        found["exception_group"] = [
            str(getattr(error, "error_message", "?")) for error in errors.exceptions
        ]

    sleeper = asyncio.create_task(sleep("1h"))
    done, pending = await asyncio.wait(
        {asyncio.create_task(double(5)), sleeper}, return_when=asyncio.FIRST_COMPLETED
    )
    found["wait_first"] = [task.result() for task in done]
    for task in pending:
        task.cancel()
    done, pending = await asyncio.wait({sleeper}, timeout=0.01)
    found["wait_cancelled"] = [task.cancelled() for task in done]
    broken = asyncio.create_task(fail("first"))
    other = asyncio.create_task(sleep("1h"))
    done, pending = await asyncio.wait({broken, other}, return_when=asyncio.FIRST_EXCEPTION)
    found["first_exception"] = broken in done and other in pending
    assert broken.exception() is not None
    other.cancel()

    found["as_completed"] = sorted(
        [await one for one in asyncio.as_completed([double(6), double(7)])]
    )
    try:
        await asyncio.wait_for(sleep("1h"), 0.01)
    except TimeoutError:
        found["wait_for"] = "timeout"
    found["wait_for_ok"] = await asyncio.wait_for(double(8), 60)
    try:
        async with asyncio.timeout(0.01):
            await sleep("1h")
    except TimeoutError:
        found["timeout"] = True
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + 0.01):
            await asyncio.sleep(3600)
    except TimeoutError:
        found["timeout_at"] = True

    inner = asyncio.create_task(double(9))
    shielded = asyncio.shield(inner)
    shielded.cancel()
    found["shield"] = await inner

    event, lock, queue = asyncio.Event(), asyncio.Lock(), asyncio.Queue[int]()
    room = asyncio.Semaphore(2)

    async def producer() -> None:
        for n in range(3):
            async with room, lock:
                await queue.put(await double(n))
        event.set()

    producing = asyncio.create_task(producer())
    found["queue"] = [await queue.get() for _ in range(3)]
    await event.wait()
    await producing

    async def numbers() -> AsyncIterator[int]:
        for n in range(3):
            yield await double(n)

    found["async_generator"] = [n async for n in numbers()]
    return found


def test_asyncio_is_the_control_flow(on_app: Bench) -> None:
    async def scenario(_: App) -> Any:
        return await everything()

    found = on_app(scenario)
    assert found == {
        "gather": [2, 4],
        "gather_exceptions": ["int", "StepFailedError"],
        "task_group": [6, 8],
        "exception_group": ["in group"],
        "wait_first": [10],
        "wait_cancelled": [True],
        "first_exception": True,
        "as_completed": [12, 14],
        "wait_for": "timeout",
        "wait_for_ok": 16,
        "timeout": True,
        "timeout_at": True,
        "shield": 18,
        "queue": [0, 2, 4],
        "async_generator": [0, 2, 4],
    }


@pytest.mark.parametrize(
    "until", [0.01, 0, "10ms", "0s", timedelta(milliseconds=5), datetime(2020, 1, 1, tzinfo=UTC)]
)
def test_sleep_takes_lengths_and_points_of_time(on_memory: Bench, until: Any) -> None:
    @workflow
    async def sleeps(until: Any) -> float:
        before = now()
        await sleep(until)
        return (now() - before).total_seconds()

    async def scenario(_: App) -> Any:
        return await sleeps(until)

    least = {timedelta(milliseconds=5): 0.005, 0.01: 0.01, "10ms": 0.01}.get(until, 0)
    assert on_memory(scenario) >= least


@pytest.mark.parametrize("wrong", ["soon", "", "3", -1, float("nan"), True, datetime(2030, 1, 1)])
def test_what_is_no_time(on_memory: Bench, wrong: Any) -> None:
    @workflow
    async def sleeps_wrongly(wrong: Any) -> str:
        try:
            await sleep(wrong)
        except InvalidDurationError as error:
            return str(error)
        return "slept"

    async def scenario(_: App) -> Any:
        return await sleeps_wrongly(wrong)

    assert "is not a time" in on_memory(scenario)


def test_what_the_calendar_of_utc_does_not_have_is_its_end() -> None:
    for end, hours in ((datetime.max, -12), (datetime.min, 14)):
        elsewhere = end.replace(tzinfo=timezone(timedelta(hours=hours)))
        assert to_datetime(deadline(elsewhere, 0)) == end.replace(tzinfo=UTC)


def test_primitives_elsewhere_say_where_they_belong(on_memory: Bench) -> None:
    @step(retries=0)
    async def sleeps_in_step() -> None:
        await sleep(1)

    @workflow
    async def misuse() -> str:
        try:
            await sleeps_in_step()
        except Exception as error:
            return str(error.__cause__)
        return "?"

    async def scenario(_: App) -> Any:
        return await misuse()

    assert "sleep() cannot be used in a step" in on_memory(scenario)
    for primitive in (now, chance, uuid4):
        with pytest.raises(NotAllowedHereError, match="outside of a workflow"):
            primitive()


def test_what_the_loop_cannot_do_durably(on_memory: Bench) -> None:
    @workflow
    async def reaches_out() -> list[str]:
        loop = asyncio.get_running_loop()
        found = []
        for attempt in (
            lambda: loop.run_in_executor(None, print),
            lambda: loop.call_soon_threadsafe(print),
            lambda: loop.add_signal_handler(1, print),
            lambda: loop.create_server(asyncio.Protocol, port=1),
        ):
            try:
                attempt()
            except NotDurableError as error:
                found.append(error.what)
        return found

    async def scenario(_: App) -> Any:
        return await reaches_out()

    assert len(on_memory(scenario)) == 4


def test_a_workflow_that_spins_is_stopped(
    on_memory: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlast._engine.loop.MAX_HANDLES_A_TURN", 10_000)

    @workflow
    async def spins() -> None:
        while True:
            await asyncio.sleep(0)

    async def scenario(_: App) -> Any:
        return await outcome(await start(spins()))

    assert "never waits" in str(on_memory(scenario))


def test_what_looks_for_the_end_of_an_unwound_task_for_ever_is_left(on_app: Bench) -> None:
    """As the scopes of anyio do, which cancel until all their tasks are done."""
    looked = 0

    @workflow
    async def looks_again() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def look() -> None:
            nonlocal looked
            looked += 1
            if task is not None and not task.done():
                loop.call_soon(look)

        try:
            await sleep("1 day")
        finally:
            look()

    async def scenario(_: App) -> Any:
        run = await start(looks_again())
        async with asyncio.timeout(20):
            while await run.status() != RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)

    on_app(scenario, options=WorkerOptions(linger=0))
    assert 1_000 < looked < 100_000


@pytest.mark.parametrize("seconds", [math.inf, 1e12])
def test_a_sleep_for_ever(on_app: Bench, seconds: float) -> None:
    @workflow
    async def sleeps_for_ever() -> str:
        async with asyncio.timeout(seconds):
            return await asyncio.sleep(seconds, "woken")

    async def scenario(_: App) -> Any:
        run = await start(sleeps_for_ever())
        async with asyncio.timeout(20):
            while await run.status() != RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)
        due_at = (await run.info()).due_at
        await run.wake()
        return due_at, await run.result("20s")

    due_at, result = on_app(scenario, options=WorkerOptions(linger=0))
    assert due_at.year > 2100
    assert result == "woken"


def test_left_tasks_are_cancelled_and_may_clean_up(on_memory: Bench) -> None:
    cleaned: list[str] = []

    @step
    async def clean() -> None:
        cleaned.append("yes")

    @workflow
    async def leaves_a_task() -> str:
        async def background() -> None:
            try:
                await sleep("1 day")
            finally:
                await clean()

        asyncio.create_task(background())  # noqa: RUF006 - left on purpose
        await double(1)
        return "done"

    async def scenario(_: App) -> Any:
        return await leaves_a_task()

    assert on_memory(scenario) == "done"
    assert cleaned == ["yes"]


def test_failures_of_a_workflow(on_app: Bench) -> None:
    @workflow
    async def raises() -> None:
        raise LookupError("nothing there")

    @workflow
    async def forgets_an_await() -> Any:
        return double(1)

    async def scenario(_: App) -> Any:
        return await outcome(await start(raises())), await outcome(await start(forgets_an_await()))

    raised, forgotten = on_app(scenario)
    assert isinstance(raised, RunFailedError)
    assert isinstance(raised.__cause__, LookupError)
    assert "StepCall, which has no durable form: is an `await` missing?" in str(forgotten)


def test_tracebacks_of_a_group_have_no_frames_of_the_library(on_memory: Bench) -> None:
    @workflow
    async def in_a_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("alone"))

    async def scenario(_: App) -> Any:
        run = await start(in_a_group())
        await outcome(run)
        return (await run.events())[-1].data["error"]

    error = on_memory(scenario)
    [member] = error["members"]
    assert "in in_a_group" in error["traceback"]
    for text in (error["traceback"], member["traceback"]):
        assert "StepFailedError" in text
        assert "outlast/_" not in text


@workflow(name="control_flow.made_directly")
async def made_directly() -> list[Any]:
    tasks = {asyncio.Task(double(n), name=str(n)) for n in range(4)}
    answer: asyncio.Future[int] = asyncio.Future()
    answer.set_result(4)
    done, _ = await asyncio.wait({*tasks, answer})
    kinds = [isinstance(one, asyncio.Task) for one in done].count(True)
    return [kinds, *[await double(one.result()) for one in done]]


def test_tasks_and_futures_made_directly_are_the_runs_own(on_memory: Bench) -> None:
    async def scenario(_: App) -> Any:
        run = await start(made_directly(), run_id="direct")
        result = await outcome(run)
        ids = [one.id for one in await run.steps()]
        return result, ids[:4]

    options = WorkerOptions(verify_replay=True)
    (kinds, *doubled), ids = on_memory(scenario, options=options)
    assert (kinds, doubled) == (4, [0, 4, 8, 12, 8])
    assert ids == [f"{n}/control_flow.double#1" for n in (1, 2, 3, 4)]


@workflow(name="control_flow.catches_everything")
async def catches_everything() -> str:
    while True:
        try:
            await sleep("1 hour")
            await double(1)
            return "done"
        except:  # noqa: E722, S112 - what is tried
            continue


def test_who_catches_everything_in_a_loop_stays_in_memory_and_harms_nobody(
    on_memory: Bench,
) -> None:
    async def scenario(_: App) -> Any:
        run = await start(catches_everything())
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0)
        gc.collect()
        await run.wake()
        return await outcome(run)

    with pytest.warns(RuntimeWarning, match=r"^catches_everything\(\) .* cannot leave memory"):
        assert on_memory(scenario, options=WorkerOptions(linger=0)) == "done"
