"""A worker in a process of its own, which tells on standard output what it does: one signal a line."""

import asyncio
import sys

from outlast import App, WorkerOptions
from outlast.instrument import Instrument
from tests.laws.programs import flows  # noqa: F401 - registers the workflows


class Teller(Instrument):
    """Prints signals."""

    def worker_started(self, worker_id: str) -> None:
        print("worker_started", flush=True)

    def attempt_started(self, run_id: str, step_id: str, attempt: int) -> None:
        print("attempt_started", f"{run_id}/{step_id}", attempt, flush=True)

    def run_ended(self, run_id: str, status: str) -> None:
        print("run_ended", run_id, status, flush=True)


async def main(url: str, *queues: str) -> None:
    options = WorkerOptions(queues=queues or ("default",))
    async with App(url, instruments=[Teller()], options=options) as app:
        await app.serve()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
