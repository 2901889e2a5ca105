"""A program with a workflow of its own: starts a run, and is gone when that waits. Prints its id."""

import asyncio
import sys

from outlast import App, hook, start, workflow


@workflow(name="page.gone")
async def gone() -> int:
    """Waits."""
    return await hook(int)


async def main() -> None:
    """Until it waits."""
    async with App(sys.argv[1]) as app:
        run = await start(gone())
        while not (await app.list_hooks(run.id)).hooks:
            await asyncio.sleep(0.02)
    print(run.id)


if __name__ == "__main__":
    asyncio.run(main())
