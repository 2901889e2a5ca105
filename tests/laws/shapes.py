"""Workflow shapes: a corpus of what workflows do, each with an outcome that no crash may change.

What depends on who is faster is left out of the outcomes, or one of the two is slower by far than any
recovery takes (a lease: 30 seconds).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from outlast import (
    App,
    Call,
    FatalError,
    Run,
    RunCancelledError,
    RunFailedError,
    StepFailedError,
    hook,
    now,
    random,
    resume,
    run_info,
    set_attributes,
    sleep,
    start,
    step,
    step_info,
    uuid4,
    workflow,
)
from outlast.errors import HookExpiredError

LONG = "1 day"
SHORT = "5s"


@step(name="shapes.add")
async def add(a: int, b: int) -> int:
    return a + b


@step(name="shapes.double")
async def double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


@step(name="shapes.triple")
def triple(n: int) -> int:
    return 3 * n


@step(name="shapes.flaky", retries=3, backoff="2s")
async def flaky(failures: int) -> int:
    """Fails so often before it succeeds."""
    if step_info().attempt <= failures:
        raise ConnectionError("not yet")
    return step_info().attempt


@step(name="shapes.broken", retries=1, backoff="2s")
async def broken(text: str) -> None:
    raise ValueError(text)


@step(name="shapes.hopeless", retries=5)
async def hopeless() -> None:
    raise FatalError("never")


@step(name="shapes.remote_double", queue="default")
async def remote_double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


@step(name="shapes.remote_triple", queue="default")
def remote_triple(n: int) -> int:
    return 3 * n


@step(name="shapes.remote_flaky", queue="default", retries=3, backoff="2s")
async def remote_flaky(failures: int) -> int:
    """Fails so often before it succeeds, and says on the run how far it is."""
    attempt = step_info().attempt
    await set_attributes({"attempt": attempt})
    if attempt <= failures:
        raise ConnectionError("not yet")
    return attempt


@step(name="shapes.remote_hopeless", queue="default")
async def remote_hopeless() -> None:
    raise FatalError("never")


@step(name="shapes.unserved", queue="nowhere")
async def unserved() -> None:
    """For workers that there are not."""


@workflow(name="shapes.sequence")
async def sequence() -> int:
    total = 0
    for n in range(2):
        total = await add(total, n)
    return await triple(total)


@workflow(name="shapes.gathering")
async def gathering() -> list[int]:
    return await asyncio.gather(*[double(n) for n in range(4)])


@workflow(name="shapes.failing_group")
async def failing_group() -> list[str]:
    seen: list[str] = []
    await double(1)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(hopeless())
            group.create_task(sleep(LONG))
    except* StepFailedError as errors:
        seen += [str(error) for error in errors.exceptions]
    return seen


@workflow(name="shapes.race")
async def race() -> int:
    quick: asyncio.Task[Any] = asyncio.create_task(double(21))
    slow: asyncio.Task[Any] = asyncio.create_task(sleep(LONG))
    done, pending = await asyncio.wait({quick, slow}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return sum([task.result() for task in done])


@workflow(name="shapes.as_completed")
async def as_completed() -> list[int]:
    found = []
    for first in asyncio.as_completed([double(n) for n in range(3)]):
        found.append(await first)
    return sorted(found)


@workflow(name="shapes.timeouts")
async def timeouts() -> list[str]:
    seen = []
    try:
        async with asyncio.timeout(5):
            await sleep(LONG)
    except TimeoutError:
        seen.append("fired")
    async with asyncio.timeout(3600):
        await double(1)
        seen.append("in time")
    try:
        await asyncio.wait_for(sleep(LONG), 5)
    except TimeoutError:
        seen.append("fired")
    return seen


@workflow(name="shapes.retries")
async def retries() -> list[int]:
    return [await flaky(0), await flaky(2)]


@workflow(name="shapes.out_of_attempts")
async def out_of_attempts() -> list[str]:
    seen = []
    fails: list[Callable[[], Awaitable[None]]] = [lambda: broken("a"), hopeless]
    for fail in fails:
        try:
            await fail()
        except StepFailedError as error:
            seen.append(f"{error.attempts} {error.error_type} {error.__cause__}")
    return seen


@workflow(name="shapes.failing")
async def failing() -> None:
    await double(1)
    raise LookupError("nothing there")


@workflow(name="shapes.nested")
async def nested(depth: int) -> int:
    here = await add(depth, 0)
    return here + (await nested(depth - 1) if depth else 0)


@workflow(name="shapes.children")
async def children() -> list[int]:
    return list(await asyncio.gather(nested(2), nested(0)))


@workflow(name="shapes.failing_child")
async def failing_child() -> str:
    try:
        await failing()
    except RunFailedError as error:
        return f"{error.error_message} {type(error.__cause__).__name__}"
    return "no error"


@workflow(name="shapes.with_cleanup")
async def with_cleanup() -> None:
    try:
        await sleep(LONG)
    finally:
        await add(1, 1)
        await add(2, 2)


@workflow(name="shapes.cancelled_child")
async def cancelled_child() -> str:
    child = asyncio.create_task(with_cleanup())
    await sleep(SHORT)
    child.cancel()
    try:
        await child
    except asyncio.CancelledError:
        return "cancelled"
    return "not cancelled"


@workflow(name="shapes.detached")
async def detached() -> str:
    run = await start(nested(1), run_id=f"{run_info().id}-detached")
    return run.id


@workflow(name="shapes.shielded")
async def shielded() -> list[str]:
    seen = []
    inner = asyncio.create_task(sleep("20s"))
    try:
        async with asyncio.timeout(5):
            await asyncio.shield(inner)
    except TimeoutError:
        seen.append("timeout")
    await inner
    return [*seen, "inner done"]


@workflow(name="shapes.fan_out")
async def fan_out() -> list[int]:
    queue: asyncio.Queue[int] = asyncio.Queue()
    gate, found = asyncio.Semaphore(2), []

    async def consume() -> None:
        while True:
            number = await queue.get()
            async with gate:
                found.append(await double(number))
            queue.task_done()

    for n in range(5):
        queue.put_nowait(n)
    workers = [asyncio.create_task(consume()) for _ in range(3)]
    await queue.join()
    for worker in workers:
        worker.cancel()
    return sorted(found)


@workflow(name="shapes.attributes")
async def attributes() -> dict[str, Any]:
    await set_attributes({"stage": "one", "n": 1})
    await double(1)
    await set_attributes({"stage": "two"})
    return run_info().attributes


@workflow(name="shapes.drawing")
async def drawing() -> list[Any]:
    before, first = now(), random()
    await sleep(SHORT)
    assert now() > before
    return [first, random(), str(uuid4()), await double(1), random()]


@workflow(name="shapes.generating")
async def generating() -> list[int]:
    async def numbers() -> AsyncIterator[int]:
        try:
            for n in range(3):
                yield await double(n)
        finally:
            await double(100)

    return [n async for n in numbers()]


@workflow(name="shapes.all_errors")
async def all_errors() -> list[str]:
    found = await asyncio.gather(double(1), broken("x"), failing(), return_exceptions=True)
    return [type(one).__name__ for one in found]


@workflow(name="shapes.daily")
async def daily() -> list[int]:
    found = []
    for day in range(2):
        await asyncio.sleep(86_400)
        found.append(await double(day))
    return found


@workflow(name="shapes.locks")
async def locks() -> list[int]:
    lock, opened, found = asyncio.Lock(), asyncio.Event(), []

    async def visit(n: int) -> None:
        await opened.wait()
        async with lock:
            found.append(await double(n))

    async with asyncio.TaskGroup() as group:
        for n in range(3):
            group.create_task(visit(n))
        await sleep(SHORT)
        opened.set()
    return found


@workflow(name="shapes.set_order")
async def set_order() -> list[int]:
    """Iterates over the sets that asyncio gives and that it is given."""
    tasks = {asyncio.create_task(double(n)) for n in range(4)}
    done, _ = await asyncio.wait(tasks)
    found = [await add(task.result(), 1) for task in done]
    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(sleep(1 + task.result()))
    return found


@workflow(name="shapes.dispatched")
async def dispatched() -> list[int]:
    found = await asyncio.gather(remote_double(1), remote_triple(2), double(3))
    return [*found, await remote_double(4), await add(found[0], found[1])]


@workflow(name="shapes.dispatched_retries")
async def dispatched_retries() -> list[Any]:
    found: list[Any] = list(await asyncio.gather(remote_flaky(2), flaky(1)))
    try:
        await remote_hopeless()
    except StepFailedError as error:
        found.append(f"{error.attempts} {error.__cause__}")
    return found


@workflow(name="shapes.withdrawn")
async def withdrawn() -> list[str]:
    """Steps that nobody makes: one times out, one loses a race, one is left behind at the end."""
    seen = []
    try:
        async with asyncio.timeout(5):
            await unserved()
    except TimeoutError:
        seen.append("timeout")
    tasks: set[asyncio.Task[Any]] = {asyncio.create_task(unserved())}
    tasks.add(asyncio.create_task(remote_double(1)))
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    seen += [str(task.result()) for task in done]
    asyncio.create_task(unserved())  # noqa: RUF006 - it is left behind
    await remote_double(2)
    return seen


@workflow(name="shapes.dispatched_cleanup")
async def dispatched_cleanup() -> None:
    try:
        await unserved()
    finally:
        await remote_double(1)


async def result_of(run: Run[Any]) -> Any:
    return await run.result()


async def cancel_and_wait(run: Run[Any]) -> Any:
    await run.cancel("enough")
    return await run.result()


async def wake_and_wait(run: Run[Any]) -> Any:
    await run.wake()
    return await run.result()


@step(name="shapes.answer")
async def answer(token: str, value: Any) -> None:
    await resume(token, value, key=step_info().id)


@workflow
async def hooks() -> list[Any]:
    """Hooks that a step answers, beside a sleep; one that nobody answers; and one that is taken."""
    ended: list[Any] = []
    async with hook(int) as numbers:
        await asyncio.gather(*[answer(numbers.token, n) for n in (1, 2)])
        ended += sorted([await numbers, await numbers])
    token = f"hooks of {run_info().id}"
    chosen, other = hook(token=token), hook(token=token)
    owner = await other.conflict()
    ended.append(owner is not None and owner.id == run_info().id)
    tasks = [asyncio.ensure_future(one) for one in (chosen, sleep(LONG))]
    await answer(token, "yes")
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    ended += [task.result() for task in done]
    try:
        await hook(int, expires=SHORT)
    except HookExpiredError as error:
        ended.append(str(error))
    chosen.dispose()
    again = hook(token=token)
    ended.append(await again.conflict())
    return ended


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A workflow, what somebody does with its run, and what it ends with."""

    make: Callable[[], Call[Any]]
    ends: Any
    act: Callable[[Run[Any]], Awaitable[Any]] = result_of
    fields: dict[str, Any] = field(default_factory=dict)

    async def play(self, app: App, run_id: str) -> Any:
        """Start the run, or find it started, and do what is to be done until its end."""
        return await self.act(await app.start(self.make(), run_id=run_id, **self.fields))


ERROR_TEXTS = ["2 ValueError a", "1 outlast.errors.FatalError never"]

SHAPES = {
    "sequence": Shape(make=sequence, ends=3),
    "hooks": Shape(make=hooks, ends=[1, 2, True, "yes", "hook hook#4 has expired", None]),
    "gathering": Shape(make=gathering, ends=[0, 2, 4, 6]),
    "failing_group": Shape(
        make=failing_group,
        ends=[
            "step 'shapes.hopeless' (1/shapes.hopeless#1) failed after 1 attempt: outlast.errors.FatalError: never"
        ],
    ),
    "race": Shape(make=race, ends=42),
    "as_completed": Shape(make=as_completed, ends=[0, 2, 4]),
    "timeouts": Shape(make=timeouts, ends=["fired", "in time", "fired"]),
    "retries": Shape(make=retries, ends=[1, 3]),
    "out_of_attempts": Shape(make=out_of_attempts, ends=ERROR_TEXTS),
    "failing": Shape(make=failing, ends=RunFailedError),
    "children": Shape(make=children, ends=[3, 0]),
    "failing_child": Shape(make=failing_child, ends="nothing there LookupError"),
    "cancelled_child": Shape(make=cancelled_child, ends="cancelled"),
    "detached": Shape(make=detached, ends="run-detached"),
    "cancelled": Shape(make=with_cleanup, ends=RunCancelledError, act=cancel_and_wait),
    "woken": Shape(make=with_cleanup, ends=None, act=wake_and_wait),
    "delayed": Shape(make=sequence, ends=3, fields={"delay": "1 day"}),
    "shielded": Shape(make=shielded, ends=["timeout", "inner done"]),
    "fan_out": Shape(make=fan_out, ends=[0, 2, 4, 6, 8]),
    "attributes": Shape(make=attributes, ends={"stage": "two", "n": 1}),
    "drawing": Shape(make=drawing, ends=...),
    "generating": Shape(make=generating, ends=[0, 2, 4]),
    "all_errors": Shape(make=all_errors, ends=["int", "StepFailedError", "RunFailedError"]),
    "daily": Shape(make=daily, ends=[0, 2]),
    "set_order": Shape(make=set_order, ends=...),
    "locks": Shape(make=locks, ends=[0, 2, 4]),
    "dispatched": Shape(make=dispatched, ends=[2, 6, 6, 8, 8]),
    "dispatched_retries": Shape(make=dispatched_retries, ends=[3, 2, "1 never"]),
    "withdrawn": Shape(make=withdrawn, ends=["timeout", "2"]),
    "dispatched_cancelled": Shape(
        make=dispatched_cleanup, ends=RunCancelledError, act=cancel_and_wait
    ),
}
"""By name. `ends` is the result, or the class of the error that `Run.result` raises; `...` if only
the reference knows."""
