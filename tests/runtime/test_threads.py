"""`def` steps, which share a few threads."""

import asyncio
import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from outlast import App, StepFailedError, WorkerOptions, step, workflow
from outlast.records import EventRecord, StepRecord

turns = threading.Semaphore(0)


@step(name="threads.take_turn", retries=0, timeout="400ms")
def take_turn() -> int:
    turns.acquire(timeout=0.25)
    return 1


@workflow(name="threads.take_turns")
async def take_turns(times: int) -> list[int]:
    return await asyncio.gather(*(take_turn() for _ in range(times)))


def test_waiting_for_a_thread_is_no_part_of_an_attempt() -> None:
    """Three attempts one after another in one thread take longer than the timeout of each."""

    async def main() -> tuple[list[int], list[EventRecord], list[StepRecord]]:
        async with App("memory://", options=WorkerOptions(max_threads=1)) as app:
            run = await app.start(take_turns(3))
            return await run.result("10s"), await run.events(), await run.steps()

    result, events, steps = asyncio.run(main())
    assert result == [1, 1, 1]
    kinds = [event.kind for event in events[1:-1]]
    assert ("step_started", "step_started") not in pairwise(kinds), "one has no thread yet"
    for before, after in pairwise(one.attempts[0] for one in steps):
        assert after.started_at > before.started_at + timedelta(seconds=0.2)
        assert after.queued > before.queued + 0.2


@step(name="threads.fail_oddly", retries=1, backoff=0)
def fail_oddly(kind: str) -> None:
    raise {"StopIteration": StopIteration, "GeneratorExit": GeneratorExit}[kind]("odd")


@workflow(name="threads.fails_oddly")
async def fails_oddly(kind: str) -> str:
    try:
        await fail_oddly(kind)
    except StepFailedError as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}"
    return "no error"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        # As where a coroutine raises it: PEP 479.
        ("StopIteration", "RuntimeError: coroutine raised StopIteration"),
        ("GeneratorExit", "GeneratorExit: odd"),
    ],
)
def test_what_no_future_can_hold_is_an_outcome(kind: str, said: str) -> None:
    async def main() -> str:
        async with App("memory://") as app:
            return await (await app.start(fails_oddly(kind))).result("10s")

    assert asyncio.run(main()) == said
