"""A run that programs and people resume over HTTP: a signed request, and a page with a form.

Watch who is let in: the request that is not signed changes nothing, the one that is sent twice is recorded once, and
looking at the page approves nothing. The requests go to the HTTP app without a socket; `outlast serve` would
serve the same. It needs `outlast[http]`.

    $ python examples/webhooks.py
    not signed: 401
    signed: 202, again: 202
    the page asks: Order shipped twice, refund?
    after looking: suspended
    the form: 200
    order 7: refunded 20 EUR
"""

import asyncio
import hashlib
import hmac
import json
import os
import re
from pathlib import Path

import httpx
from pydantic import BaseModel

from outlast import App, Run, RunStatus, WorkerOptions, run_info, start, step, webhook, workflow
from outlast.http import asgi
from outlast.webhooks import GitHub

LETTERS = Path("letters")


class Complaint(BaseModel):
    order: int
    reason: str


class Decision(BaseModel):
    approved: bool


@step
def send(to: str, url: str) -> None:
    LETTERS.mkdir(exist_ok=True)
    (LETTERS / f"{run_info().id}-{to}").write_text(url)


@step
def refund(order: int) -> str:
    return f"order {order}: refunded 20 EUR"


@workflow
async def complaints() -> str:
    complaint = webhook(Complaint, verify=GitHub(secret="SHOP_SECRET"))  # noqa: S106 - its name
    await send("shop", complaint.url)
    received = await complaint
    asked = {"title": f"Order {received.reason}, refund?", "order": received.order}
    decision = webhook(Decision, methods=("GET", "POST"), metadata=asked, expires="3 days")
    await send("manager", decision.url)
    return await refund(received.order) if (await decision).approved else "refused"


async def letter(run: Run[str], to: str) -> str:
    path = LETTERS / f"{run.id}-{to}"
    while not (path.exists() and (url := path.read_text())):
        await asyncio.sleep(0.01)
    return url


async def main() -> None:
    os.environ["SHOP_SECRET"] = "only the shop knows this"  # noqa: S105 - an example
    options = WorkerOptions(linger=0)
    async with App(options=options, public_url="https://shop.example") as app:
        run = await start(complaints())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi(app))) as client:
            await complain(client, await letter(run, "shop"))
            url = await letter(run, "manager")
            page = (await client.get(url)).text
            print("the page asks:", re.findall("<h1>(.+)</h1>", page)[0])
            while await run.status() is not RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)
            print("after looking:", await run.status())
            proof = re.findall('name="csrf" value="([^"]+)"', page)[0]
            form = {"csrf": proof, "payload/approved": "true"}
            print("the form:", (await client.post(url, data=form)).status_code)
        print(await run.result())


async def complain(client: httpx.AsyncClient, url: str) -> None:
    body = json.dumps({"order": 7, "reason": "shipped twice"}).encode()
    digest = hmac.new(os.environ["SHOP_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={digest}"}
    print("not signed:", (await client.post(url, content=body)).status_code)
    posts = [await client.post(url, content=body, headers=signed) for _ in range(2)]
    print("signed: {}, again: {}".format(*[answer.status_code for answer in posts]))


if __name__ == "__main__":
    asyncio.run(main())
    for path in LETTERS.iterdir():
        path.unlink()
    LETTERS.rmdir()
