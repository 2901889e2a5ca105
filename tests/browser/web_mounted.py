"""A program: the web UI under a path of an app of one's own, for who has a token. It says where it is."""

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from outlast import App, workflow
from outlast.http.serving import address_of, listen
from outlast.web import asgi


@workflow(name="mounted.greet")
async def greet(name: str) -> str:
    """Greet somebody."""
    return f"Hello, {name}!"


async def main() -> None:
    """Serve until killed."""
    async with App("memory://") as app:
        site = Starlette(routes=[Mount("/ops/outlast", asgi(app))])
        with listen("127.0.0.1", 0) as listening:
            print(f"{address_of(listening)}/ops/outlast/", flush=True)
            await uvicorn.Server(uvicorn.Config(site, log_level="critical")).serve([listening])


asyncio.run(main())
