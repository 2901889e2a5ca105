"""Record the logs of a release: `python -m tests.histories.record 0.1` (once a release, never again)."""

import asyncio
import sys
from pathlib import Path

from outlast import App, WorkerOptions
from outlast.testing import History, SkippingClock, record_history
from tests.histories.flows import play

HERE = Path(__file__).parent
OPTIONS = WorkerOptions(slow_step_after=0)
"""So that there are `step_started` among the events."""


async def main(release: str) -> None:
    folder = HERE / release
    folder.mkdir()
    clock = SkippingClock()
    async with App("memory://", clock=clock, options=OPTIONS) as app:
        for run in await play(app):
            history = await record_history(run)
            name = history.workflow.removeprefix("histories.")
            number = len(list(folder.glob(f"{name}-*.json"))) + 1
            _without_paths(history).save(folder / f"{name}-{number}.json")


def _without_paths(history: History) -> History:
    """Tracebacks name files of the machine on which the log was recorded."""
    text = history.json()
    for folder, name in ((HERE.parents[1], "checkout"), (Path(asyncio.__file__).parents[1], "lib")):
        text = text.replace(str(folder), f"/{name}")
    return History.from_json(text)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
