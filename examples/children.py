"""Workflows that start workflows: awaited, several at once, and left to themselves.

Watch the list at the end: each child is a run of its own, with its own log, and the parent waits for it
without polling. `audit` is detached: it was started, not awaited, and would live on if its parent were cancelled.

    $ python examples/children.py
    shipped 3 parcels: ['north-1', 'south-1', 'south-2']
    children: audit completed, ship completed, ship completed
"""

import asyncio

from outlast import App, Run, list_runs, start, step, workflow


@step
async def post(region: str, number: int) -> str:
    return f"{region}-{number}"


@workflow
async def ship(region: str, parcels: int) -> list[str]:
    return [await post(region, number) for number in range(1, parcels + 1)]


@workflow
async def audit(order: str) -> str:
    return f"{order} is fine"


@workflow
async def fulfil(order: str) -> list[str]:
    await start(audit(order), run_id=f"audit-{order}")
    north, south = await asyncio.gather(ship("north", 1), ship("south", 2))
    return [*north, *south]


async def main() -> None:
    async with App() as app:
        run: Run[list[str]] = await start(fulfil("order-7"))
        parcels = await run.result()
        print(f"shipped {len(parcels)} parcels: {parcels}")
        await app.get_run("audit-order-7").result()
        children = (await list_runs(parent=run.id)).runs
        told = sorted(f"{child.workflow} {child.status}" for child in children)
        print(f"children: {', '.join(told)}")


if __name__ == "__main__":
    asyncio.run(main())
