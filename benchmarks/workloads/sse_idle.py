"""Many people leave a page open: what a reader costs to whom nothing is sent."""

import asyncio
from contextlib import ExitStack

from benchmarks.flows import wait_for_ever
from benchmarks.listening import ListeningProcess
from benchmarks.model import Figure, Measured, Place, Workload, WorldName
from benchmarks.serving import ServingProcess
from outlast import App, start

RUNS = 50
"""Runs whose streams they read, in turn."""
CLIENTS = 2
"""Processes that they are in."""


async def _measure(place: Place) -> Measured:
    readers = place.pick(5_000, 100)
    with ServingProcess(place, http=True) as server, ExitStack() as stack:
        async with App(place.url, worker=False):
            runs = [await start(wait_for_ever()) for _ in range(RUNS)]
        urls = [f"{server.url()}/runs/{run.id}/streams/default?start=0" for run in runs]
        await _connect(stack, urls, RUNS)  # nobody counts what the first ones load
        before = server.memory()
        for _ in range(CLIENTS):
            await _connect(stack, urls, readers // CLIENTS)
        after, used, seconds = server.memory(), server.cpu_s(), place.pick(5, 1)
        await asyncio.sleep(seconds)
        used = server.cpu_s() - used
    return {
        "reader_kib": (after - before) / readers / 1024,
        "cpu_percent": 100 * used / seconds,
    }


async def _connect(stack: ExitStack, urls: list[str], readers: int) -> None:
    listening = stack.enter_context(ListeningProcess(readers, *urls))
    await asyncio.to_thread(listening.ready)


def _workload(name: str, world: WorldName) -> Workload:
    return Workload(
        name=name,
        title="5,000 idle readers of server-sent events",
        world=world,
        measure=lambda place: asyncio.run(_measure(place)),
        figures=(
            Figure(key="reader_kib", what="memory a reader", unit="KiB", target=40),
            Figure(key="cpu_percent", what="processor time of the server, all idle", unit="%"),
        ),
    )


SSE_IDLE = _workload("sse-idle", "sqlite")
PG_SSE_IDLE = _workload("pg-sse-idle", "postgres")
