"""Litestar: a lifespan opens the app, and the HTTP app is mounted as a route.

$ python examples/web/with_litestar.py 8000
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar, asgi, post
from litestar.types import Receive, Scope, Send
from shop import APP, fulfil

from outlast import start
from outlast.http import asgi as http_app


@asynccontextmanager
async def lifespan(_: Litestar) -> AsyncGenerator[None]:
    async with APP:
        yield


@post("/orders/{order:str}")
async def place(order: str) -> dict[str, str]:
    run = await start(fulfil(order), run_id=f"order-{order}")
    return {"run": run.id}


@asgi("/outlast", is_mount=True, copy_scope=True)
async def runs(scope: Scope, receive: Receive, send: Send) -> None:
    await HTTP({**scope, "root_path": "/outlast"}, receive, send)


HTTP = http_app(APP)
site = Litestar([place, runs], lifespan=[lifespan])


if __name__ == "__main__":
    uvicorn.run(site, port=int(sys.argv[1]), timeout_graceful_shutdown=5)
