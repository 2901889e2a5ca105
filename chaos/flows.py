"""The workflows that carry out programs, and their steps.

Each step gives its value and under which claim it was made: so the log itself tells whose outcome was recorded.
"""

import asyncio
import time
from typing import Any, Final

from chaos.programs import RETRIES, Program
from chaos.witness import Executed, Witness
from outlast import (
    FatalError,
    StepFailedError,
    random,
    set_attributes,
    sleep,
    start,
    step,
    step_info,
    uuid4,
    workflow,
)
from outlast._runtime.attempts import CURRENT_ATTEMPT
from outlast._runtime.live import LiveRun
from outlast._worker.held_step import HeldStep

REMOTE: Final = "remote"
"""The queue of dispatched steps that come to their end."""
FAR: Final = "far"
"""The queue of those that do not."""
FAILED: Final = -1_000
DISPATCHED: Final = ("chaos.remote", "chaos.dally")
HOUR, DAY = 3_600, 86_400
BACKOFF: Final = ["20ms", "60ms"]

Given = dict[str, Any]
"""What a step gives: `value`, and `epoch`, that of the claim under which it was made."""


class Stage:
    """Where this process plays."""

    witness: Witness | None = None
    """Where executions are written down; the undisturbed twin needs none."""
    takes_time: bool = True


@step(name="chaos.work", retries=RETRIES, backoff=BACKOFF)
async def work(value: int, failures: int, millis: int) -> Given:
    """Takes a while, and fails so often before it succeeds."""
    given = testify(value)
    await asyncio.sleep(millis / 1_000 if Stage.takes_time else 0)
    if step_info().attempt <= failures:
        raise ConnectionError("not yet")
    return given


@step(name="chaos.remote", retries=RETRIES, backoff=BACKOFF, queue=REMOTE)
async def remote(value: int, failures: int, millis: int) -> Given:
    """The same on a worker of another queue."""
    given = testify(value)
    await asyncio.sleep(millis / 1_000 if Stage.takes_time else 0)
    if step_info().attempt <= failures:
        raise ConnectionError("not yet")
    return given


@step(name="chaos.thread")
def thread(value: int, millis: int) -> Given:
    """The same in a thread."""
    given = testify(value)
    if Stage.takes_time:
        time.sleep(millis / 1_000)
    return given


@step(name="chaos.mark")
async def mark(name: str, value: int) -> Given:
    """Sets an attribute of its run."""
    given = testify(value)
    await set_attributes({name: value})
    return given


@step(name="chaos.hopeless", retries=RETRIES)
async def hopeless(value: int) -> Given:
    """Fails at once."""
    testify(value)
    raise FatalError(f"never {value}")


@step(name="chaos.dally", queue=FAR)
async def dally() -> Given:
    """Takes so long that it is withdrawn before."""
    given = testify(0)
    await asyncio.sleep(HOUR)
    return given


@workflow(name="chaos.interpret")
async def interpret(program: Program) -> int:
    """Carries out a program."""
    return await evaluate(program)


@workflow(name="chaos.linger")
async def linger(program: Program) -> int:
    """Sleeps until it is cancelled or woken, then carries out a program."""
    total = 0
    try:
        await sleep(DAY)
    finally:
        total = await evaluate(program)
    return total


WORKFLOWS: Final = {one.name: one for one in (interpret, linger)}


async def evaluate(program: Program) -> int:
    """Carry out a program within a workflow; what it comes to."""
    ((kind, what),) = program.items()
    if kind in ("sequence", "gather", "group", "as_completed"):
        return await combine(kind, what)
    if isinstance(what, dict):
        return await wrap(kind, what)
    return await do(kind, what)


async def do(kind: str, what: Any) -> int:
    """A program without parts."""
    match kind:
        case "work":
            return value_of(await work(*what))
        case "remote":
            return value_of(await remote(*what))
        case "thread":
            return value_of(await thread(*what))
        case "mark":
            return value_of(await mark(*what))
        case "sleep":
            await sleep(what / 1_000)
            return 1
        case "note":
            await set_attributes({what[0]: what[1]})
            return 0
        case "draw":
            # Who draws first depends on who is faster, so only the input of the step does, not its value.
            return value_of(await work(what, 0, int(random() * 9) + uuid4().int % 9))
        case "dawdle":
            return await dawdle(what / 1_000)
        case "doomed":
            return await doomed(what)
        case other:
            raise AssertionError(other)


async def combine(kind: str, parts: list[Program]) -> int:
    """Several programs, one after the other or beside one another."""
    match kind:
        case "sequence":
            return sum([await evaluate(part) for part in parts])
        case "gather":
            return sum(await asyncio.gather(*[evaluate(part) for part in parts]))
        case "group":
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(evaluate(part)) for part in parts]
            return sum([task.result() for task in tasks])
        case "as_completed":
            return sum([await one for one in asyncio.as_completed([evaluate(p) for p in parts])])
        case other:
            raise AssertionError(other)


async def wrap(kind: str, part: Program) -> int:
    """A program with something around it."""
    match kind:
        case "race":
            return await first_of(evaluate(part), sleep(DAY))
        case "overtaken":
            return await first_of(evaluate(part), dally())
        case "hurry":
            async with asyncio.timeout(HOUR):
                return await evaluate(part)
        case "attempt":
            return await forgive(part)
        case "child":
            return await interpret(part)
        case "detached":
            await start(interpret(part))
            return 3
        case "cancelled_child":
            return await give_up(part)
        case other:
            raise AssertionError(other)


async def first_of(quick: Any, slow: Any) -> int:
    """The result of the quick one; the slow one is cancelled."""
    tasks = [asyncio.create_task(quick), asyncio.create_task(slow)]
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    (winner,) = done
    result: int = winner.result()
    return result


async def dawdle(seconds: float) -> int:
    """A timeout that fires, around a sleep and its clean-up."""
    try:
        async with asyncio.timeout(seconds):
            try:
                await sleep(DAY)
            finally:
                await work(5, 0, 0)
    except TimeoutError:
        return 2
    return FAILED


async def doomed(value: int) -> int:
    """A group of which one task fails while the other sleeps."""
    result = FAILED
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(hopeless(value))
            group.create_task(sleep(DAY))
    except* StepFailedError:
        result = 4
    return result


async def forgive(part: Program) -> int:
    """A program whose failure is caught."""
    try:
        return await evaluate(part)
    except Exception:
        return FAILED


async def give_up(part: Program) -> int:
    """A child that is cancelled, and has the program for its clean-up."""
    child = asyncio.create_task(linger(part))
    await sleep(0.1)
    child.cancel()
    try:
        await child
    except asyncio.CancelledError:
        return 6
    return FAILED


def value_of(given: Given) -> int:
    """The value of a step."""
    value: int = given["value"]
    return value


def testify(value: int) -> Given:
    """Write down that a step is executed; and what it will give."""
    attempt = CURRENT_ATTEMPT.get()
    assert attempt is not None
    run, command = attempt.run, attempt.command
    if isinstance(run, LiveRun):
        epoch, seen = run.epoch, run.execution.position
    else:
        assert isinstance(run, HeldStep)
        epoch, seen = run.epoch, None
    if Stage.witness is not None:
        Stage.witness.note(Executed(run.id, command.ref, command.attempt, epoch, seen))
    return {"value": value, "epoch": epoch}
