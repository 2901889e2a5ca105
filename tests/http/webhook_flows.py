"""Workflows with webhooks."""

import asyncio
import os
from collections.abc import Awaitable

from pydantic import BaseModel

from outlast import hook, step, webhook, workflow
from outlast.errors import NotAllowedHereError
from outlast.webhooks import GitHub, Response, WebhookRequest


class Approval(BaseModel):
    """A decision about an order."""

    approved: bool
    note: str = ""


urls: asyncio.Queue[str] = asyncio.Queue()


@step(name="webhook_flows.tell")
async def tell(url: str) -> None:
    urls.put_nowait(url)


@workflow(name="webhook_plain")
async def plain(count: int = 1, max_body: int = 2**20) -> list[tuple[str, str]]:
    waiting = webhook(max_body=max_body, methods=("POST", "PUT"))
    await tell(waiting.url)
    requests = [await waiting for _ in range(count)]
    return [(one.method, one.text()) for one in requests]


class Charge(BaseModel):
    """As a payment provider sends it."""

    amount: int
    currency: str = "EUR"


@workflow(name="webhook_charge")
async def charge() -> Charge:
    waiting = webhook(Charge)
    await tell(waiting.url)
    return await waiting


@workflow(name="webhook_headers")
async def headers() -> WebhookRequest:
    waiting = webhook()
    await tell(waiting.url)
    return await waiting


@workflow(name="webhook_page")
async def page(count: int = 1) -> list[Approval]:
    waiting = webhook(Approval, methods=("GET", "POST"), metadata={"order": "<b>7</b>"})
    await tell(waiting.url)
    return [await waiting for _ in range(count)]


@workflow(name="webhook_fixed")
async def fixed() -> str:
    answer = Response.json({"thanks": True}, status=201)
    waiting = webhook(respond=answer)
    await tell(waiting.url)
    return (await waiting).text()


@workflow(name="webhook_manual")
async def manual(count: int) -> list[int]:
    """Answers from the workflow and from steps of both kinds, in turn."""
    waiting = webhook(int, respond="manual")
    await tell(waiting.url)
    got: list[int] = []
    async for request in waiting:
        got.append(request.payload)
        response = Response.json(request.payload * 2)
        if len(got) % 3 == 1:
            await request.respond(response)
        else:
            await (by_step if len(got) % 3 else by_def_step)(request, response)
        if len(got) == count:
            break
    return got


@step
async def by_step(request: WebhookRequest, response: Response) -> None:
    await request.respond(response)


@step
def by_def_step(request: WebhookRequest, response: Response) -> None:
    request.respond(response)


@workflow(name="webhook_twice")
async def twice() -> str:
    waiting = webhook(respond="manual")
    await tell(waiting.url)
    request = await waiting
    await request.respond(Response.text("first"))
    try:
        await request.respond(Response.text("second"))
    except NotAllowedHereError as error:
        return str(error)
    return "no error"


attempts: list[str] = []


@step(backoff=0)
async def answers_and_fails(request: WebhookRequest) -> None:
    attempts.append("one more")
    await request.respond(Response.text(f"attempt {len(attempts)}"))
    if len(attempts) == 1:
        raise RuntimeError


@workflow(name="webhook_retried")
async def retried() -> int:
    waiting = webhook(respond="manual")
    await tell(waiting.url)
    await answers_and_fails(await waiting)
    return len(attempts)


@workflow(name="webhook_silent")
async def silent() -> int:
    """Takes two requests and answers the second one only."""
    waiting = webhook(respond="manual")
    await tell(waiting.url)
    await waiting
    await (await waiting).respond(Response())
    return 2


@workflow(name="webhook_mute")
async def mute() -> str:
    waiting = webhook(respond="manual")
    await tell(waiting.url)
    await waiting
    return "said nothing"


@workflow(name="webhook_github")
async def github(count: int) -> list[str]:
    waiting = webhook(verify=GitHub(secret="WEBHOOK_TEST_SECRET"))
    await tell(waiting.url)
    return [(await waiting).text() for _ in range(count)]


def is_ours(request: WebhookRequest) -> bool | str:
    """Says what stands for the request, if it has a name. It may do what no workflow may."""
    if "OUTLAST_PUBLIC_URL" not in os.environ:
        return False
    return request.headers.get("x-name", "") or request.headers.get("x-pass") == "yes"


async def is_ours_async(request: WebhookRequest) -> bool:
    return request.headers.get("authorization") == "secret"


said: list[object] = []
"""What the function below says of each request, in turn."""


def says(_request: WebhookRequest) -> bool:
    return said.pop(0)  # type: ignore[return-value]  # as functions do that nobody has checked


def is_ours_later(request: WebhookRequest) -> Awaitable[bool]:
    return is_ours_async(request)


@workflow(name="webhook_saying")
async def saying(count: int) -> list[str]:
    waiting = webhook(verify=says)
    await tell(waiting.url)
    return [(await waiting).text() for _ in range(count)]


@workflow(name="webhook_later")
async def later() -> str:
    waiting = webhook(verify=is_ours_later)
    await tell(waiting.url)
    return (await waiting).text()


@workflow(name="webhook_function")
async def function(count: int) -> list[str]:
    waiting = webhook(verify=is_ours)
    await tell(waiting.url)
    return [(await waiting).text() for _ in range(count)]


@workflow(name="webhook_async_function")
async def async_function() -> WebhookRequest:
    waiting = webhook(verify=is_ours_async)
    await tell(waiting.url)
    return await waiting


@workflow(name="webhook_disposing")
async def disposing(expires: str | None = None) -> str:
    waiting = webhook(expires=expires)
    await tell(waiting.url)
    waiting.dispose()
    other = webhook()
    await tell(other.url)
    return (await other).text()


@workflow(name="webhook_expiring")
async def expiring() -> str:
    waiting = webhook(expires="20ms")
    await tell(waiting.url)
    return (await waiting).text()


@workflow(name="webhook_hook")
async def ask_plainly(token: str) -> object:
    return await hook(token=token)
