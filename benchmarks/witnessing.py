"""A worker that is going to be killed: its steps say in a file that they were begun.

Run as `python -m benchmarks.witnessing URL RUNS WITNESS`. Started a second time, it goes on with the runs.
"""

import asyncio
import os
import sys
import time
from typing import Final

from outlast import App, RunStatus, list_runs, start, step, step_info, workflow

STEPS: Final = 20
STEP_SECONDS: Final = 0.02
RUN_ID: Final = "kill-{}"


@step(name="bench.witnessed")
async def witnessed(n: int, witness: str) -> int:
    """Say that it was begun, and take a while."""
    line = f"{time.time():.6f} {step_info().id}\n".encode()
    file = os.open(witness, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)
    await asyncio.sleep(STEP_SECONDS)
    return n


@workflow(name="bench.twenty_steps")
async def twenty_steps(witness: str) -> int:
    """One after the other."""
    return sum([await witnessed(n, witness) for n in range(STEPS)])


async def _work(url: str, runs: int, witness: str) -> None:
    """Start the runs unless they are there, and wait until all are over."""
    async with App(url):
        started = await asyncio.gather(
            *[start(twenty_steps(witness), run_id=RUN_ID.format(n)) for n in range(runs)]
        )
        await asyncio.gather(*[run.result() for run in started])
        page = await list_runs(status=RunStatus.COMPLETED, limit=runs)
        assert len(page.runs) == runs


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
