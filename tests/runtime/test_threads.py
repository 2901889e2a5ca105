"""`def` steps, which share a few threads."""

import asyncio
import threading

import pytest

from outlast import App, StepFailedError, WorkerOptions, step, workflow

turns = threading.Semaphore(0)


@step(name="threads.take_turn", retries=0, timeout="400ms")
def take_turn() -> int:
    turns.acquire(timeout=0.25)
    return 1


@workflow(name="threads.take_turns")
async def take_turns(times: int) -> list[int]:
    return await asyncio.gather(*(take_turn() for _ in range(times)))


def test_waiting_for_a_thread_does_not_count_for_the_timeout() -> None:
    """Three attempts one after another in one thread take longer than the timeout of each."""

    async def main() -> list[int]:
        async with App("memory://", options=WorkerOptions(max_threads=1)) as app:
            return await (await app.start(take_turns(3))).result("10s")

    assert asyncio.run(main()) == [1, 1, 1]


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
