"""What telemetry costs: the turns of the throughput benchmark with it and without it, one after the other in one process.

Processor time of the same code varies by a tenth from one turn to the next, as others use the caches too; that only ever adds.
So the turns alternate (plain, with, with, plain, and so on), and the least tenth of the ones is held against the least tenth
of the others. How far the two halves of the plain turns are apart when they are compared like this is shown beside it.
"""

import asyncio
import gc
import statistics
from collections.abc import Callable, Sequence
from importlib import import_module
from time import process_time
from typing import TypeAlias

from benchmarks.flows import one_by_one
from benchmarks.model import Figure, Measured, Place, Workload, WrongResultError
from outlast import App, start
from outlast.instrument import Instrument

STEPS = 5
Instruments: TypeAlias = Callable[[], list[Instrument]]


def _plain() -> list[Instrument]:
    return []


def _without_sdk() -> list[Instrument]:
    return [_telemetry()()]


def _with_sdk() -> list[Instrument]:
    """One that records every span and every value, and exports nothing."""
    traces, metrics = (
        import_module("opentelemetry.sdk.trace"),
        import_module("opentelemetry.sdk.metrics"),
    )
    reader = import_module("opentelemetry.sdk.metrics.export").InMemoryMetricReader()
    tracers, meters = traces.TracerProvider(), metrics.MeterProvider([reader])
    return [_telemetry()(tracer_provider=tracers, meter_provider=meters)]


def _telemetry() -> Callable[..., Instrument]:
    """Loaded when it is measured."""
    made: Callable[..., Instrument] = import_module("outlast.otel").OpenTelemetry
    return made


async def _measure(place: Place) -> Measured:
    runs, pairs = place.pick(200, 20), place.pick(240, 4)
    none = await _compared(place, _without_sdk, runs, pairs)
    some = await _compared(place, _with_sdk, runs, place.pick(20, 4))
    plain = [one for one, _ in none]
    return {
        "none_percent": _percent(none),
        "noise_percent": abs(_percent(list(zip(plain[::2], plain[1::2], strict=True)))),
        "some_percent": _percent(some),
        "plain_us": _least(plain) / (runs * STEPS) * 1e6,
    }


async def _compared(
    place: Place, instruments: Instruments, runs: int, pairs: int
) -> list[tuple[float, float]]:
    """The processor times of neighbouring turns, without and with these instruments."""
    await _turn(place, _plain, runs)
    await _turn(place, instruments, runs)
    found: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2:
            with_them = await _turn(place, instruments, runs)
            found.append((await _turn(place, _plain, runs), with_them))
        else:
            plain = await _turn(place, _plain, runs)
            found.append((plain, await _turn(place, instruments, runs)))
    return found


async def _turn(place: Place, instruments: Instruments, runs: int) -> float:
    """The processor time from the first start to the last result, in seconds."""
    async with App(place.url, instruments=instruments()):
        await one_by_one(STEPS)
        gc.collect()
        used = process_time()
        started = await asyncio.gather(*[start(one_by_one(STEPS)) for _ in range(runs)])
        results = await asyncio.gather(*[run.result() for run in started])
        used = process_time() - used
    if results != [sum(range(STEPS))] * runs:
        raise WrongResultError(results)
    return used


def _percent(pairs: Sequence[tuple[float, float]]) -> float:
    """By how much the second ones take longer than the first ones."""
    return (_least([there for _, there in pairs]) / _least([one for one, _ in pairs]) - 1) * 100


def _least(times: Sequence[float]) -> float:
    return statistics.mean(sorted(times)[: max(1, len(times) // 10)])


TELEMETRY = Workload(
    name="telemetry",
    title="200 runs x 5 steps with `OpenTelemetry()`, beside the same without, in turns",
    measure=lambda place: asyncio.run(_measure(place)),
    figures=(
        Figure(
            key="none_percent",
            what="processor time more, no SDK installed; the least tenth of 240 turns",
            unit="%",
            target=2,
        ),
        Figure(key="noise_percent", what="so far apart are turns without it", unit="%"),
        Figure(
            key="some_percent",
            what="the same, an SDK that records all spans and metrics",
            unit="%",
        ),
        Figure(key="plain_us", what="processor time a step without it", unit="us"),
    ),
    bound=300,
)
