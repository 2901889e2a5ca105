"""Generated workflows: small programs, one workflow that interprets them, and what they must come to.

A program is a JSON tree. What it comes to does not depend on who is faster: what races has one side that is
slower, by hours, than the other one and any recovery together.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from outlast import hook, resume, set_attributes, sleep, start, step, step_info, workflow
from outlast.errors import HookExpiredError

Program: TypeAlias = dict[str, Any]

RETRIES = 2
FAILED = -1_000
HURRY = 3_600
SLOW = 86_400


class Pace:
    """How long attempts take, in turns of the event loop: drawn from a seed."""

    seed = 0


@step(retries=RETRIES, backoff=["1s", "30s"])
async def work(value: int, failures: int) -> int:
    """Takes a while, and fails so often before it succeeds."""
    info = step_info()
    for _ in range(random.Random(f"{Pace.seed}/{info.id}/{info.attempt}").randrange(6)):
        await asyncio.sleep(0)
    if info.attempt <= failures:
        raise ConnectionError("not yet")
    return value


@step(name="generated.answer")
async def answer(token: str, value: int) -> None:
    """Somebody outside, who hands a payload to a hook; once, however often this is tried."""
    await resume(token, value, key=step_info().id)


async def ask(value: int) -> int:
    """A hook that is answered, raced against what is slower; one that is not; and one that is disposed of."""
    waiting, silent = hook(int, expires=SLOW), hook(int)
    hook().dispose()
    tasks = [asyncio.ensure_future(one) for one in (silent, waiting, sleep(SLOW))]
    await answer(waiting.token, value)
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    (winner,) = done
    silent.dispose()
    return int(winner.result() or FAILED)


async def expire(seconds: int) -> int:
    """A hook that nobody answers."""
    try:
        return await hook(int, expires=seconds)
    except HookExpiredError:
        return 4


@workflow
async def interpret(program: Program) -> int:
    return await evaluate(program)


async def evaluate(program: Program) -> int:
    ((kind, what),) = program.items()
    if isinstance(what, list) and kind != "work":
        return await combine(kind, what)
    if isinstance(what, dict):
        return await wrap(kind, what)
    match kind:
        case "work":
            return await work(*what)
        case "sleep":
            await sleep(what)
            return 1
        case "ask":
            return await ask(what)
        case "expire":
            return await expire(what)
        case "dawdle":
            return await dawdle(what)
        case "note":
            await set_attributes({"note": what})
            return 0
        case other:
            raise AssertionError(other)


async def combine(kind: str, parts: list[Program]) -> int:
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
    match kind:
        case "race":
            return await first_of(evaluate(part), sleep(SLOW))
        case "hurry":
            async with asyncio.timeout(HURRY):
                return await evaluate(part)
        case "attempt":
            return await forgive(part)
        case "child":
            return await interpret(part)
        case "detached":
            await start(interpret(part))
            return 3
        case other:
            raise AssertionError(other)


async def first_of(quick: Any, slow: Any) -> int:
    tasks = [asyncio.create_task(quick), asyncio.create_task(slow)]
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    (winner,) = done
    result: int = winner.result()
    return result


async def dawdle(seconds: int) -> int:
    """A timeout that fires, around a sleep and its clean-up."""
    try:
        async with asyncio.timeout(seconds):
            try:
                await sleep(SLOW)
            finally:
                await work(5, 0)
    except TimeoutError:
        return 2
    return FAILED


async def forgive(part: Program) -> int:
    try:
        return await evaluate(part)
    except Exception:
        return FAILED


def expected(program: Program) -> int | None:
    """What a program comes to; `None` if it fails."""
    ((kind, what),) = program.items()
    if kind in LEAVES:
        return LEAVES[kind](what)
    if kind == "detached":
        return 3
    if isinstance(what, dict):
        result = expected(what)
        return FAILED if result is None and kind == "attempt" else result
    results = [expected(part) for part in what]
    return None if None in results else sum(results)  # type: ignore[arg-type]


LEAVES: dict[str, Callable[[Any], int | None]] = {
    "work": lambda what: what[0] if what[1] <= RETRIES else None,
    "sleep": lambda _: 1,
    "dawdle": lambda _: 2,
    "ask": lambda what: what,
    "expire": lambda _: 4,
    "note": lambda _: 0,
}


_leaves = st.one_of(
    st.builds(
        lambda value, failures: {"work": [value, failures]},
        st.integers(0, 9),
        st.sampled_from([0, 0, 0, 1, 2, 3]),
    ),
    st.builds(lambda seconds: {"sleep": seconds}, st.sampled_from([0, 1, 5, 40, 900])),
    st.builds(lambda seconds: {"dawdle": seconds}, st.sampled_from([1, 45])),
    st.builds(lambda value: {"ask": value}, st.integers(1, 9)),
    st.builds(lambda seconds: {"expire": seconds}, st.sampled_from([1, 45])),
    st.builds(lambda text: {"note": text}, st.sampled_from(["a", "b"])),
)


def _branches(parts: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    several = st.lists(parts, min_size=1, max_size=3)
    kinds = ["sequence", "gather", "group", "as_completed"]
    wraps = ["race", "hurry", "attempt", "child", "detached"]
    return st.one_of(
        st.builds(lambda kind, many: {kind: many}, st.sampled_from(kinds), several),
        st.builds(lambda kind, one: {kind: one}, st.sampled_from(wraps), parts),
    )


programs: st.SearchStrategy[Program] = st.recursive(_leaves, _branches, max_leaves=8)
