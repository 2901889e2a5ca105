"""FastAPI: its lifespan opens the app, and the HTTP app is mounted beside its routes. So it is in Starlette.

$ python examples/web/with_fastapi.py 8000
$ curl -X POST localhost:8000/orders/7
$ outlast list --url http://localhost:8000/outlast/api/v1
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from shop import APP, fulfil

from outlast import start
from outlast.http import asgi


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    async with APP:
        yield


site = FastAPI(lifespan=lifespan)
site.mount("/outlast", asgi(APP))


@site.post("/orders/{order}")
async def place(order: str) -> dict[str, str]:
    run = await start(fulfil(order), run_id=f"order-{order}")
    return {"run": run.id}


if __name__ == "__main__":
    uvicorn.run(site, port=int(sys.argv[1]), timeout_graceful_shutdown=5)
