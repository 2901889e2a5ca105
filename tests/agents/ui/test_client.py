"""The engine of `useChat` itself, in Node, with both transports: each scene ends with one correct message."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from outlast import App
from outlast.agents.ui import ChatApp, chat_app
from tests.agents.ui.agents import GATE, SCRIPT, clerk, follow, serve
from tests.agents.ui.samples import SAMPLES, forms
from tools.node import Packages, Unavailable

CLIENT = Path(__file__).parent / "client"
CACHE = Path(__file__).parents[3] / ".venv" / "chat-client"
PACKAGES = Packages(CLIENT, CACHE, ("--legacy-peer-deps",))

SLOW = pytest.mark.slow
Play = Callable[[str], Any]


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[Path, Path]]:
    """Node, and the client beside its packages. Skips where they cannot be had."""
    try:
        program = PACKAGES.ready()
    except Unavailable as reason:
        pytest.skip(f"the packages of the AI SDK cannot be had here: {reason}")
    client = CACHE / f"client-{os.getpid()}.mjs"
    shutil.copyfile(CLIENT / "client.mjs", client)
    yield program, client
    client.unlink()


@asynccontextmanager
async def serving(app: App, chats: ChatApp) -> AsyncGenerator[str]:
    """The chats on a port of this machine, with what the scenes need of the model."""

    async def script(request: Request) -> Response:
        follow(*msgspec.json.decode(await request.body()))
        if request.query_params.get("break"):
            SCRIPT.breaks = {1: 2}
        return Response()

    async def go(_request: Request) -> Response:
        GATE.go.set()
        return Response()

    async def samples(_request: Request) -> Response:
        return Response(msgspec.json.encode(forms()))

    outer = Starlette(
        routes=[
            Route("/script", script, methods=["POST"]),
            Route("/go", go, methods=["POST"]),
            Route("/samples", samples),
            Mount("/", chats),
        ]
    )
    config = uvicorn.Config(outer, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=clerk)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=serve)


@pytest.fixture(
    scope="module",
    params=[  # each transport and each shape here; how else they go together, in the long form
        pytest.param(("default", by_session), id="DefaultChatTransport-a run a session"),
        pytest.param(("workflow", by_turn), id="WorkflowChatTransport-a run a turn"),
        pytest.param(("default", by_turn), id="DefaultChatTransport-a run a turn", marks=SLOW),
        pytest.param(("workflow", by_session), id="WorkflowChatTransport-a session", marks=SLOW),
    ],
)
def ends(request: pytest.FixtureRequest, node: tuple[Path, Path]) -> Any:
    """Play all scenes in Node, one after the other; gives what each has come to."""

    async def main() -> Any:
        transport, make = request.param
        async with App("memory://") as app, serving(app, make(app)) as url:
            process = await asyncio.create_subprocess_exec(
                *(*node, url, transport),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                out, err = await asyncio.wait_for(process.communicate(), 100)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            assert process.returncode == 0, err.decode()
            return msgspec.json.decode(out)

    return asyncio.run(main())


@pytest.fixture
def play(ends: Any) -> Play:
    """What a scene has come to."""

    def told(scene: str) -> Any:
        assert "failed" not in ends[scene], ends[scene]
        return ends[scene]

    return told


def roles(told: Any) -> list[str]:
    assert told["status"] == "ready", told
    return [one["role"] for one in told["messages"]]


def parts(told: Any) -> list[Any]:
    """What the last message shows: texts, and calls with what they have given."""
    found: list[Any] = []
    for part in told["messages"][-1]["parts"]:
        match part:
            case {"type": "text", "text": text}:
                found.append(text)
            case {"type": str(kind), "state": state} if kind.startswith("tool-"):
                found.append((kind, state, part.get("output")))
            case _:
                pass
    return found


def test_send(play: Play) -> None:
    told = play("send")
    assert roles(told) == ["user", "assistant", "user", "assistant"]
    assert len({one["id"] for one in told["messages"]}) == 4
    assert told["messages"][1]["id"].startswith("msg_")


def test_cut_and_resume(play: Play) -> None:
    ends = play("cut")
    assert len(ends) > 20
    for told in ends:
        assert roles(told) == ["user", "assistant"]
        assert parts(told) == [("tool-look", "output-available", "seen a"), "seen it all now "]


def test_cut_and_resume_behind_an_approval(play: Play) -> None:
    ends = play("cutApproved")
    assert len(ends) > 8
    for told in ends:
        assert roles(told) == ["user", "assistant"]
        assert parts(told) == [("tool-pay", "output-available", "paid 5"), "paid it all "]


def test_approve(play: Play) -> None:
    told = play("approve")
    assert roles(told) == ["user", "assistant"]
    assert parts(told) == [("tool-pay", "output-available", "paid 5"), "paid it "]


def test_deny(play: Play) -> None:
    told = play("deny")
    assert roles(told) == ["user", "assistant"]
    assert parts(told) == [("tool-pay", "output-denied", None), "then not "]


def test_approve_on_a_page_that_is_loaded_later(play: Play) -> None:
    told = play("approveLater")
    assert roles(told) == ["user", "assistant"]
    assert parts(told) == [("tool-pay", "output-available", "paid 5"), "paid it "]


def test_reload(play: Play) -> None:
    expected = [
        ("tool-look", "output-available", "seen a"),
        ("tool-wait", "output-available", "waited"),
        "and done ",
    ]
    first, none, partial, *others = play("reload")
    assert roles(none) == ["assistant"]
    assert roles(partial) == ["user", "assistant"]
    for told in (first, *others):
        assert roles(told) == ["user", "assistant"] * 2
    for told in (first, none, partial, *others):
        assert parts(told) == expected
        assert told["messages"][-1]["id"] == first["messages"][-1]["id"]


def test_stop(play: Play) -> None:
    stopped, after = play("stop")
    assert roles(stopped) == ["user", "assistant"]
    assert roles(after) == ["user", "assistant", "user", "assistant"]
    assert parts(after) == ["hello again "]


def test_resume_where_nothing_is_under_way(play: Play) -> None:
    one, page, fresh = play("idle")
    assert (page["status"], page["messages"]) == ("ready", one["messages"])
    assert roles(fresh) == []


def test_regenerate(play: Play) -> None:
    first, told = play("regenerate")
    assert roles(told) == ["user", "assistant"]
    assert told["messages"][-1]["id"] != first


def test_all_types_of_chunks_are_known_to_the_client(play: Play) -> None:
    assert play("samples") == [True] * len(SAMPLES)


def test_a_page_that_is_loaded_shows_what_another_has_seen(play: Play) -> None:
    asking, asked, answered, page = play("load")
    assert [_plain(one) for one in asking] == [_plain(one) for one in asked["messages"]]
    assert roles(page) == ["user", "assistant"] * 2
    assert [_plain(one) for one in answered] == [_plain(one) for one in page["messages"]]


def _plain(message: Any) -> Any:
    """Without what has no value: clients keep `undefined`, and leave it out."""
    parts = [{k: v for k, v in one.items() if v is not None} for one in message["parts"]]
    return {**message, "parts": parts}
