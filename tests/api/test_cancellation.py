"""Cancelling runs, and waking them."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from outlast import App, Run, RunCancelledError, RunStatus, get_run, sleep, start, step, workflow
from outlast.errors import RunNotFoundError
from outlast.instrument import Instrument
from tests.api.conftest import Bench, outcome


class Suspended(Instrument):
    """Tells when a run has left memory."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    def run_suspended(self, run_id: str) -> None:
        self.seen.set()


log: list[str] = []


@step(name="cancellation.note")
async def note(text: str) -> None:
    log.append(text)


@workflow
async def sleeper() -> str:
    try:
        await sleep("30 days")
    finally:
        await note("cleaned up")
    return "slept"


def test_cancel_interrupts_a_sleep_and_runs_the_clean_up(on_app: Bench) -> None:
    log.clear()

    async def scenario(app: App) -> Any:
        run = await start(sleeper())
        for unstorable in (cast("str", 7), "half a character: \ud800"):
            with pytest.raises(ValueError, match="cannot be the reason"):
                await run.cancel(unstorable)
        assert await run.cancel("changed my mind")
        error = await outcome(run)
        assert await run.cancel() is False
        return error, await run.status()

    error, status = on_app(scenario)
    assert isinstance(error, RunCancelledError)
    assert error.reason == "changed my mind"
    assert status is RunStatus.CANCELLED
    assert log == ["cleaned up"]


def test_a_suspended_run_can_be_cancelled_and_woken(on_app: Bench) -> None:
    log.clear()

    async def scenario(app: App) -> Any:
        first, second = await start(sleeper()), await start(sleeper())
        while {await first.status(), await second.status()} != {RunStatus.SUSPENDED}:
            await asyncio.sleep(0)
        (waiting,) = (await first.info()).waiting
        await second.wake()
        await first.cancel()
        outcomes = await outcome(first), await outcome(second)
        (wake,) = [one for one in await second.events() if one.kind == "wake_requested"]
        return waiting, wake, *outcomes

    waiting, wake, first, second = on_app(scenario)
    assert [one["ref"] for one in wake.data["waits"]] == ["sleep#1"], "the wake tells what it ended"
    assert (waiting.kind, waiting.id) == ("wait", "sleep#1")
    assert waiting.line.startswith("test_cancellation.py:")
    assert waiting.until - waiting.since == timedelta(days=30)
    assert isinstance(first, RunCancelledError)
    assert second == "slept"
    assert log == ["cleaned up", "cleaned up"]


def test_cancel_stops_a_running_async_step(on_app: Bench) -> None:
    started = asyncio.Event()
    stopped: list[str] = []

    @step
    async def long() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("yes")

    @workflow
    async def waits_for_long() -> None:
        await long()

    async def scenario(app: App) -> Any:
        run = await start(waits_for_long())
        await started.wait()
        await run.cancel()
        return await outcome(run)

    assert isinstance(on_app(scenario), RunCancelledError)
    assert stopped == ["yes"]


def test_a_run_may_catch_its_cancellation_and_complete(on_memory: Bench) -> None:
    @workflow
    async def stubborn() -> str:
        try:
            await sleep("1 day")
        except asyncio.CancelledError:
            return "completed all the same"
        return "?"

    async def scenario(app: App) -> Any:
        run = await start(stubborn())
        await run.cancel()
        return await outcome(run)

    assert on_memory(scenario) == "completed all the same"


def test_cancel_goes_down_to_children_but_not_to_detached_ones(on_app: Bench) -> None:
    @workflow
    async def child() -> None:
        await sleep("1 day")

    @workflow
    async def parent() -> str:
        detached = await start(child(), attributes={"role": "detached"})
        await note(detached.id)
        await child()
        return "?"

    async def scenario(app: App) -> Any:
        log.clear()
        run = await start(parent())
        while (await run.status()) is not RunStatus.SUSPENDED:
            await asyncio.sleep(0)
        children = (await app.list_runs(parent=run.id)).runs
        assert len(children) == 2
        await run.cancel()
        ended = await outcome(run)
        (awaited,) = [one for one in children if one.id != log[0]]
        return ended, await outcome(get_run(awaited.id)), await get_run(log[0]).status()

    ended, awaited, detached = on_app(scenario)
    assert isinstance(ended, RunCancelledError)
    assert isinstance(awaited, RunCancelledError)
    assert detached in (RunStatus.SUSPENDED, RunStatus.RUNNING, RunStatus.PENDING)


def test_cancelling_a_task_cancels_its_step_only(on_memory: Bench) -> None:
    begun = asyncio.Event()

    @step
    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    @step
    async def wait_for_begun() -> None:
        await begun.wait()

    @workflow
    async def drops() -> str:
        task = asyncio.create_task(forever())
        await wait_for_begun()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "dropped"
        return "?"

    async def scenario(app: App) -> Any:
        return await drops()

    assert on_memory(scenario) == "dropped"


def test_a_step_that_was_cancelled_is_told_so_once_its_run_is_over(on_memory: Bench) -> None:
    @step(backoff="1h")
    async def busy() -> None:
        raise ValueError("busy")

    @workflow
    async def gives_up() -> str:
        try:
            async with asyncio.timeout(0.05):
                await busy()
        except TimeoutError:
            return "gave up"
        return "?"

    async def scenario(app: App) -> Any:
        run = await start(gives_up())
        await run.result()
        return await run.steps(), (await run.info()).ended_at

    (given_up,), ended_at = on_memory(scenario)
    assert (given_up.status, given_up.ended_at) == ("cancelled", ended_at)
    [attempt] = given_up.attempts
    assert attempt.error == "ValueError: busy"
    assert attempt.ended_at < ended_at


def test_an_unknown_run(on_memory: Bench) -> None:
    async def scenario(app: App) -> None:
        run: Run[Any] = get_run("nobody")
        for ask in (run.cancel, run.wake, run.info, run.events, run.steps, run.result):
            with pytest.raises(RunNotFoundError, match="nobody"):
                await ask()

    on_memory(scenario)
