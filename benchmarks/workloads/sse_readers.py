"""Many people watch one answer come: tokens at the pace of a model, each over a connection of its own."""

import asyncio

from benchmarks.flows import write_tokens
from benchmarks.listening import ListeningProcess
from benchmarks.model import Figure, Measured, Place, Workload, WorldName, WrongResultError
from benchmarks.serving import ServingProcess
from outlast import App, resume, start

A_SECOND = 100


async def _measure(place: Place) -> Measured:
    measured: Measured = {}
    with ServingProcess(place, http=True) as server:
        url = server.url()
        async with App(place.url, worker=False):
            used = server.cpu_s()
            lags = await _lags(place, url)
            used = server.cpu_s() - used
    measured |= {"p99_ms": lags[int(len(lags) * 0.99)] * 1e3, "p50_ms": lags[len(lags) // 2] * 1e3}
    return {**measured, "cpu_us": used / len(lags) * 1e6}


async def _lags(place: Place, url: str) -> list[float]:
    """Seconds from the write of each token until each reader has it, in order."""
    count, readers = place.pick(300, 30), place.pick(200, 10)
    run = await start(write_tokens(count, A_SECOND))
    with ListeningProcess(readers, f"{url}/runs/{run.id}/streams/default?start=0") as listening:
        await asyncio.to_thread(listening.ready)
        await resume(f"go:{run.id}")
        heard = await asyncio.to_thread(listening.heard)
    await run.result()
    if heard.chunks != [count] * readers:
        raise WrongResultError("so many chunks came", sorted(set(heard.chunks)))
    return sorted(heard.lags)


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="300 token-like chunks at 100 a second, 200 readers of server-sent events at once",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(key="p99_ms", what="write to reader, 99 of 100", unit="ms", target=60),
            Figure(key="p50_ms", what="the same, median", unit="ms"),
            Figure(
                key="cpu_us", what="processor time of the server, a chunk and reader", unit="us"
            ),
        ),
    )


SSE_READERS = _workload("sse-readers", "sqlite")
PG_SSE_READERS = _workload("pg-sse-readers", "postgres")
