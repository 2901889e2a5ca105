"""Replaying a log of 20,000 events: what a run that comes back to life has to do first."""

import asyncio
import statistics
from time import perf_counter

from benchmarks.flows import one_by_one_then_sleep
from benchmarks.model import Figure, Limit, Measured, Place, Workload, WrongResultError
from outlast import App, Run, start
from outlast._codec import Codec, decode_event
from outlast._engine.execution import Execution
from outlast.world import StoredEvent

DECODED_AND_FED = Limit(
    "one asyncio task round trip an event", lambda measured: 1e6 / measured["task_us"]
)


async def _measure(place: Place) -> Measured:
    steps = place.pick(20_000, 2_000) - 1  # one event tells the start
    run_id = await _make_log(place, steps)
    async with App(place.url, worker=False) as app:
        log = app.runtime.world.log
        reading: list[float] = []
        feeding: list[float] = []
        for _ in range(3):
            began = perf_counter()
            stored = await log.read(run_id)
            read = perf_counter()
            _replay(run_id, stored)
            feeding.append(perf_counter() - read)
            reading.append(read - began)
    resumed = await _resume(place, run_id, steps)
    events = steps + 1
    return {
        "events_s": events / statistics.median(feeding),
        "with_reading_s": events
        / statistics.median(a + b for a, b in zip(reading, feeding, strict=True)),
        "resume_s": resumed,
    }


async def _make_log(place: Place, steps: int) -> str:
    """A run that has made its steps and sleeps."""
    async with App(place.url):
        run = await start(one_by_one_then_sleep(steps))
        while (await run.info()).events <= steps:
            await asyncio.sleep(0.1)
    return run.id


def _replay(run_id: str, stored: tuple[StoredEvent, ...]) -> None:
    """Read and feed all events, as a worker does."""
    definition = one_by_one_then_sleep.__outlast_definition__
    execution = Execution(definition, run_id, Codec())
    for event in stored:
        execution.feed(decode_event(event))
    if execution.position != len(stored) or not execution.outstanding():
        raise WrongResultError(execution.position)
    execution.close()


async def _resume(place: Place, run_id: str, steps: int) -> float:
    """Seconds from waking the run to its result, with all that a worker does in between."""
    async with App(place.url) as app:
        run: Run[int] = app.get_run(run_id)
        began = perf_counter()
        await run.wake()
        result = await run.result()
        seconds = perf_counter() - began
    if result != sum(range(steps)):
        raise WrongResultError(result)
    return seconds


REPLAY20K = Workload(
    name="replay20k",
    title="replay of a 20,000-event log",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(
            key="events_s",
            what="events decoded and fed",
            unit="1/s",
            better="more",
            target=50_000,
            limit=DECODED_AND_FED,
        ),
        Figure(
            key="with_reading_s",
            what="events, reading the log included",
            unit="1/s",
            better="more",
            limit=DECODED_AND_FED,
        ),
        Figure(key="resume_s", what="waking such a run, to its result, by a worker", unit="s"),
    ),
    bound=240,
)
