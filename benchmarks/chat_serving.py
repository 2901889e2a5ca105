"""A server of chats in a process of its own, with their worker.

Run as `python -m benchmarks.chat_serving URL KIND`. The kind says what answers: `agents` or `loops`, whose tokens are made in this
process; or the URL of a model. In the last case the same agent is served at `/plain` without durability, too.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import process_time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from benchmarks.agents import ticking_chat, ticking_loop
from benchmarks.limits import allow_many_files
from outlast import App
from outlast.agents.ui import ChatApp, chat_app
from outlast.http.serving import address_of, listen


async def _main(url: str, kind: str) -> None:
    async with App(url) as app:
        chats, routes = _chats(app, kind)
        async with _served(Starlette(routes=[*routes, Mount("/", chats)])) as address:
            while question := await asyncio.to_thread(sys.stdin.readline):
                print(address if question.strip() == "url" else process_time(), flush=True)


def _chats(app: App, kind: str) -> tuple[ChatApp, list[Route]]:
    if kind in ("agents", "loops"):
        return chat_app(app, turn=ticking_chat if kind == "agents" else ticking_loop), []
    from benchmarks.told import CLIENT, told_chat  # loads OpenAI's client, which takes a second

    CLIENT.base_url = kind
    return chat_app(app, turn=told_chat), [Route("/plain", _plainly, methods=["POST"])]


async def _plainly(request: Request) -> Response:
    """Answer as Pydantic AI does for this protocol."""
    from pydantic_ai.ui.vercel_ai import VercelAIAdapter

    from benchmarks.told import plain

    return await VercelAIAdapter.dispatch_request(request, agent=plain)


@asynccontextmanager
async def _served(app: Starlette) -> AsyncGenerator[str]:
    with listen("127.0.0.1", 0) as listening:
        config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.ensure_future(server.serve([listening]))
        yield address_of(listening)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    allow_many_files()
    asyncio.run(_main(*sys.argv[1:3]))
