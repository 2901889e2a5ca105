"""Steps that behave oddly must not leave their runs, or those of others, without anybody driving them."""

import asyncio
from contextvars import ContextVar

import pytest

from outlast import App, RunCancelledError, StepFailedError, WorkerOptions, sleep, step, workflow
from outlast._runtime.slots import Slots
from outlast.records import StepRecord
from outlast.testing import Signals, SkippingClock

setting = ContextVar("setting", default="nobody's")


@step(name="attempts.read_and_set")
async def read_and_set(own: str) -> str:
    found = setting.get()
    setting.set(own)
    return found


@workflow(name="attempts.sets_twice")
async def sets_twice() -> list[str]:
    return [await read_and_set("first's"), await read_and_set("second's")]


@step(name="attempts.cancel_itself", retries=0)
async def cancel_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


def leave_the_process(_error: BaseException) -> bool:
    raise SystemExit(3)


@step(name="attempts.fail_to_decide", retries=2, retry_on=leave_the_process)
async def fail_to_decide() -> None:
    raise ValueError("first")


@workflow(name="attempts.tells_what_failed")
async def tells_what_failed(which: str) -> str:
    try:
        await (cancel_itself() if which == "cancel" else fail_to_decide())
    except StepFailedError as error:
        return type(error.__cause__).__name__
    return "nothing"


@step(name="attempts.hold")
async def hold() -> None:
    await asyncio.sleep(0.02)


@workflow(name="attempts.holds_two")
async def holds_two() -> None:
    await asyncio.gather(hold(), hold())


@workflow(name="attempts.steps_between_sleeps")
async def steps_between_sleeps() -> None:
    for _ in range(2):
        await read_and_set("a")
        await read_and_set("b")
        await sleep("1h")


@step(name="attempts.wait_for_ever")
async def wait_for_ever(n: int) -> int:
    await asyncio.Event().wait()
    return n


@workflow(name="attempts.waits_many_times")
async def waits_many_times(times: int) -> list[int]:
    return await asyncio.gather(*(wait_for_ever(n) for n in range(times)))


def test_what_a_step_sets_in_its_context_is_not_for_the_next_one() -> None:
    async def main() -> list[str]:
        async with App("memory://") as app:
            return await (await app.start(sets_twice())).result("10s")

    assert asyncio.run(main()) == ["nobody's", "nobody's"]


@pytest.mark.parametrize(
    ("which", "failed"), [("cancel", "CancelledError"), ("decide", "SystemExit")]
)
def test_what_a_step_does_to_its_own_attempt_is_its_outcome(which: str, failed: str) -> None:
    async def main() -> str:
        async with App("memory://") as app:
            return await (await app.start(tells_what_failed(which))).result("10s")

    assert asyncio.run(main()) == failed


def test_thousands_of_attempts_that_wait_for_room_can_be_cancelled() -> None:
    async def main() -> list[int]:
        signals = Signals()
        options = WorkerOptions(max_steps=2)
        async with App("memory://", options=options, instruments=[signals]) as app:
            run = await app.start(waits_many_times(2_000))
            await signals.wait_for("attempt_started", times=2, run_id=run.id)
            await run.cancel()
            with pytest.raises(RunCancelledError):
                await run.result("10s")
            again = await app.start(sets_twice())
            return [len(await again.result("10s")), len(app.runtime.live)]

    assert asyncio.run(main()) == [2, 0]


def test_an_attempt_that_waited_for_room_tells_how_long() -> None:
    async def main() -> list[StepRecord]:
        async with App("memory://", options=WorkerOptions(max_steps=1)) as app:
            run = await app.start(holds_two())
            await run.result("10s")
            return await run.steps()

    first, second = asyncio.run(main())
    assert first.attempts[0].queued == 0
    assert 0.015 < second.attempts[0].queued < 10


def test_who_has_a_run_is_told_once_a_claim() -> None:
    async def main() -> tuple[list[str], list[StepRecord], str]:
        async with App("memory://", clock=SkippingClock()) as app:
            run = await app.start(steps_between_sleeps())
            await run.result()
            events = [event.data for event in await run.events() if "attempt" in event.data]
            told = [data.get("owner", "") for data in events]
            return told, await run.steps(), (await app.workers())[0].id

    told, steps, worker = asyncio.run(asyncio.wait_for(main(), 60))
    assert told == [worker, "", worker, ""]
    assert {attempt.worker for step in steps for attempt in step.attempts} == {worker}


def test_who_takes_no_room_leaves_it_to_the_next_one() -> None:
    slots, begun = Slots(1), list[int]()

    def begin(number: int) -> bool:
        begun.append(number)
        return number % 1_000 == 0

    slots.enter(lambda: begin(0))
    for number in range(1, 5_001):
        slots.enter(lambda number=number: begin(number))  # type: ignore[misc]
    assert begun == [0]
    slots.leave()
    assert begun == list(range(1_001))
