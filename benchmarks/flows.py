"""The workflows that are measured. Their steps give a small dict, as steps of users do."""

import asyncio
from datetime import datetime
from time import perf_counter, time

from outlast import hook, run_info, sleep, step, step_info, webhook, workflow, writable

STEP_TIMES: list[float] = []
"""When each call of `work` and `note_time` began, in this process."""


@step(name="bench.work")
async def work(n: int) -> dict[str, int | bool]:
    """A step that does next to nothing: what is measured is all around it."""
    STEP_TIMES.append(perf_counter())
    return {"n": n, "ok": True}


@workflow(name="bench.one_by_one")
async def one_by_one(steps: int) -> int:
    """So many steps, each after the other."""
    total = 0
    for n in range(steps):
        total += (await work(n))["n"]
    return total


@workflow(name="bench.all_at_once")
async def all_at_once(steps: int) -> int:
    """So many steps at the same time."""
    results = await asyncio.gather(*[work(n) for n in range(steps)])
    return sum(result["n"] for result in results)


@workflow(name="bench.one_by_one_then_sleep")
async def one_by_one_then_sleep(steps: int) -> int:
    """So many steps, then a sleep that somebody has to end."""
    total = 0
    for n in range(steps):
        total += (await work(n))["n"]
    await sleep("30 days")
    return total


SERVED: list[str] = []
"""Which attempts of `noted` this process made: the ids of their steps."""


@step(name="bench.noted")
async def noted(n: int) -> dict[str, int | bool]:
    """As `work`, but says which step it was."""
    SERVED.append(step_info().id)
    return {"n": n, "ok": True}


@workflow(name="bench.noted_one_by_one")
async def noted_one_by_one(steps: int) -> int:
    """So many steps that are noted, each after the other."""
    total = 0
    for n in range(steps):
        total += (await noted(n))["n"]
    return total


@step(name="bench.note_lag")
async def note_lag(until: datetime) -> dict[str, float]:
    """How late it is."""
    lag = datetime.now(until.tzinfo) - until
    LAGS.append(lag.total_seconds())
    return {"lag": lag.total_seconds()}


LAGS: list[float] = []
"""What `note_lag` noted in this process."""


@workflow(name="bench.sleeper")
async def sleeper(until: datetime) -> None:
    """Sleep, then note how late it is."""
    await sleep(until)
    await note_lag(until)


@step(name="bench.stream_out")
async def stream_out(count: int) -> float:
    """Write so many chunks of 100 bytes; gives when it began."""
    out, chunk, began = writable(), b"x" * 100, time()
    for _ in range(count):
        await out.write(chunk)
    return began


@workflow(name="bench.write_stream")
async def write_stream(count: int) -> float:
    """A step that writes to a stream as fast as it can."""
    return await stream_out(count)


@step(name="bench.stream_now_and_then")
async def stream_now_and_then(count: int) -> None:
    """Write the time, so often, with pauses in which everybody falls asleep."""
    out = writable(type=float)
    for _ in range(count):
        await asyncio.sleep(0.2)
        await out.write(time())


@workflow(name="bench.write_now_and_then")
async def write_now_and_then(count: int) -> None:
    """A step that writes to a stream seldom."""
    await stream_now_and_then(count)


@step(name="bench.stream_tokens")
async def stream_tokens(count: int, a_second: int) -> None:
    """Write the time, so often, as evenly as a model gives tokens."""
    out, began = writable(type=float), perf_counter()
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / a_second - perf_counter()))
        await out.write(time())


@workflow(name="bench.write_tokens")
async def write_tokens(count: int, a_second: int) -> None:
    """A step that writes token after token, once it is told to go."""
    await hook(token=f"go:{run_info().id}")
    await stream_tokens(count, a_second)


@workflow(name="bench.wait_for_ever")
async def wait_for_ever() -> None:
    """What idle readers read."""
    await sleep("30 days")


@step(name="bench.note_arrival")
async def note_arrival(sent: float) -> float:
    """Seconds since a request was sent."""
    return time() - sent


@workflow(name="bench.called_back")
async def called_back() -> tuple[int, float]:
    """Wait for a request; give its number, and how long it took from there to the first line of the next step."""
    request = await webhook()
    body = request.json()
    return body["number"], await note_arrival(body["sent"])
