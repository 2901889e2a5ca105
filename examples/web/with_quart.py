"""Quart: `while_serving` opens the app, and one function before both sends each path to its own.

$ python examples/web/with_quart.py 8000
"""

import sys
from collections.abc import AsyncGenerator

import uvicorn
from quart import Quart
from shop import APP, fulfil

from outlast import start
from outlast.http import asgi

quart = Quart(__name__)
http = asgi(APP)


@quart.while_serving
async def serving() -> AsyncGenerator[None]:
    async with APP:
        yield


@quart.post("/orders/<order>")
async def place(order: str) -> dict[str, str]:
    run = await start(fulfil(order), run_id=f"order-{order}")
    return {"run": run.id}


async def site(scope, receive, send):
    path = scope.get("path", "")
    if path.startswith("/outlast/"):
        await http(scope | {"root_path": "/outlast"}, receive, send)
    else:
        await quart(scope, receive, send)


if __name__ == "__main__":
    uvicorn.run(site, port=int(sys.argv[1]), timeout_graceful_shutdown=5)
