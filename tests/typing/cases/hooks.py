"""`hook(T)` gives payloads of the type, whichever way it is waited for."""

import asyncio
from typing import Literal, reveal_type

from outlast import App, hook, resume, start, workflow


@workflow
async def waits(order: int) -> bool:
    one = hook(bool, token=f"order:{order}", metadata={"order": order}, expires="3 days")
    reveal_type(await one)  # revealed: bool
    reveal_type(one.token)  # revealed: str
    reveal_type(await one.conflict())  # revealed: Run[Any] | None
    async for payload in one:
        reveal_type(payload)  # revealed: bool
    async with hook(int) as other:
        number, _ = await asyncio.gather(other, one)
        reveal_type(number)  # revealed: int
    reveal_type(await hook())  # revealed: Any
    reveal_type(await hook(Literal["yes", "no"]))  # revealed: Any
    text: str = await one  # error
    print(text)
    return await one


async def resuming(app: App) -> None:
    reveal_type(await resume("token", {"a": 1}, key="k"))  # revealed: str
    reveal_type(await app.resume("token"))  # revealed: str
    reveal_type((await app.get_hook("token")).run_id)  # revealed: str
    page = await app.list_hooks("run", limit=10)
    reveal_type(page.cursor)  # revealed: str | None
    reveal_type(await start(waits(7), token="order:7", payload=None))  # revealed: Run[bool]
    await resume(7)  # error
    hook(int, expiry="3 days")  # error
