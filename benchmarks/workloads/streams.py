"""Streams: a step writes, and a reader in another process gets it; then what was written is read again."""

import asyncio
import time
from typing import Any

from benchmarks.flows import write_now_and_then, write_stream
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App, Run, start

ROUNDS = 5


async def _measure(place: Place) -> Measured:
    count, firsts = place.pick(5_000, 500), place.pick(40, 5)
    with ServingProcess(place):
        async with App(place.url, worker=False):
            await _written(count)  # nobody counts what is loaded and opened for the first time
            written = [await _written(count) for _ in range(ROUNDS)]
            lags = sorted(await _lags(firsts))
            reread = [await _reread(await _made(count), count, count // 2) for _ in range(ROUNDS)]
    return {
        "chunks_s": sorted(written)[ROUNDS // 2],
        "reread_s": sorted(reread)[ROUNDS // 2],
        "first_ms": lags[len(lags) // 2] * 1e3,
        "first_p90_ms": lags[int(len(lags) * 0.9)] * 1e3,
    }


async def _written(count: int) -> float:
    """Chunks a second, from the first write to the last chunk that is read."""
    run = await start(write_stream(count))
    seen, ended = 0, 0.0
    async for _ in run.stream():
        seen += 1
        if seen == count:
            ended = time.time()
    if seen != count:
        raise WrongResultError("so many chunks came", seen)
    return count / (ended - await run.result())


async def _made(count: int) -> Run[Any]:
    run = await start(write_stream(count))
    await run.result()
    return run


async def _reread(run: Run[Any], count: int, begin: int) -> float:
    """Chunks a second, of a stream that is over, from the middle on."""
    began = time.perf_counter()
    seen = len([chunk async for chunk in run.stream(start=begin)])
    if seen != count - begin:
        raise WrongResultError("so many chunks came", seen)
    return seen / (time.perf_counter() - began)


async def _lags(count: int) -> list[float]:
    """Seconds from the write of a chunk that comes alone until it is read."""
    run = await start(write_now_and_then(count))
    lags = [time.time() - written async for written in run.stream(type=float)]
    if len(lags) != count:
        raise WrongResultError("so many chunks came", len(lags))
    return lags


def _workload(name: str, world: WorldName, first_ms: float) -> Workload:
    return Workload(
        name=name,
        title="a step writes 5,000 chunks of 100 bytes, a reader in another process",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(
                key="chunks_s",
                what="chunks, written and read",
                unit="1/s",
                better="more",
                target=50_000,
            ),
            Figure(
                key="reread_s",
                what="chunks, read again from index 2,500",
                unit="1/s",
                better="more",
                target=200_000,
            ),
            Figure(
                key="first_ms", what="a chunk alone, until it is read", unit="ms", target=first_ms
            ),
            Figure(key="first_p90_ms", what="the same, 9 of 10", unit="ms"),
        ),
    )


STREAMS = _workload("streams", "sqlite", 20)
PG_STREAMS = _workload("pg-streams", "postgres", 10)
