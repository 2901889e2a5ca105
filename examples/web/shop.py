"""What all the web examples serve: one app, and a workflow that tells how far it is."""

from outlast import App, sleep, step, workflow, writable
from outlast.streams import Writable

APP = App()  # opened by what serves it


@step
async def pack(order: str, progress: Writable[str]) -> str:
    await progress.write(f"packing {order}")
    return f"parcel of {order}"


@workflow
async def fulfil(order: str) -> str:
    parcel = await pack(order, writable())
    await sleep(0.2)
    return f"{parcel} is on its way"
