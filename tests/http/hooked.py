"""Workflows that wait for webhooks, for servers in processes of their own."""

from outlast import step, webhook, workflow
from outlast.webhooks import GitHub, Response


@workflow
async def collect() -> list[int]:
    """Takes signed numbers until one is negative."""
    got: list[int] = []
    async for number in webhook(int, verify=GitHub(secret="FLOOD_SECRET")):
        if number < 0:
            break
        got.append(number)
    return sorted(got)


@step
async def doubled(number: int) -> int:
    return 2 * number


@workflow
async def answer(count: int) -> int:
    """Answers as many requests as that."""
    waiting = webhook(int, respond="manual")
    for _ in range(count):
        request = await waiting
        await request.respond(Response.json(await doubled(request.payload)))
    return count


@workflow
async def short() -> str:
    waiting = webhook(max_body="64 KiB")
    return (await waiting).text()


@workflow
async def link() -> str:
    return webhook().url
