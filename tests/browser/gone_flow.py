"""A program with a workflow of its own, under a name: starts a run, and is gone when that waits. Prints its id."""

import asyncio
import os
import sys

from outlast import App, RunStatus, hook, start, workflow


@workflow(name=sys.argv[-1])
async def gone(number: int) -> int:
    """Waits."""
    return number + await hook(int)


async def main() -> None:
    """Until it waits."""
    os.environ["OUTLAST_VERSION"] = f"of-{sys.argv[-1]}"
    async with App(sys.argv[1]):
        run = await start(gone(1))
        while await run.status() is not RunStatus.SUSPENDED:
            await asyncio.sleep(0.02)
    print(run.id)


if __name__ == "__main__":
    asyncio.run(main())
