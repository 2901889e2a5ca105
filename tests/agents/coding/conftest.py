"""The coding agent of the examples. What needs bubblewrap is skipped where that does not work, and says so."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest

from examples.coding_agent.sandbox import BubblewrapSandboxes, Limits
from tools import sandbox as bubblewrap

collect_ignore_glob = [] if find_spec("pydantic_ai") else ["test_*.py"]

Form: TypeAlias = dict[str, Any]
OnSite: TypeAlias = Callable[[Callable[[httpx.AsyncClient], Awaitable[None]]], None]
LIMITS = Limits(seconds=10.0, memory=200_000_000)


@pytest.fixture
def sandboxes(tmp_path: Path) -> BubblewrapSandboxes:
    """Sandboxes that work."""
    made = BubblewrapSandboxes(tmp_path / "sandboxes", LIMITS)
    if (reason := made.unavailable()) is not None:
        pytest.skip(f"{reason} ({bubblewrap.BY_HAND})")
    return made


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server of a test keeps everything."""
    monkeypatch.setenv("CODING_AGENT_DATA", str(tmp_path))
    monkeypatch.setenv("CODING_AGENT_PACE", "0.0001")
    monkeypatch.delenv("CODING_AGENT_DEVELOPMENT", raising=False)
    return tmp_path


@pytest.fixture
def on_site(data: Path) -> OnSite:
    """Executes a scenario against the server, without a socket."""
    from examples.coding_agent.server import CodingServer  # needs the extra

    async def play(scenario: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        site = CodingServer()
        transport = httpx.ASGITransport(
            site, client=("127.0.0.1", 5000), raise_app_exceptions=False
        )
        async with (
            site.router.lifespan_context(site),
            httpx.AsyncClient(
                transport=transport, base_url="http://localhost", timeout=60
            ) as client,
        ):
            await scenario(client)

    return lambda scenario: asyncio.run(asyncio.wait_for(play(scenario), 90))


def body_of(text: str, *, chat: str = "c1", message: str = "m1") -> Form:
    """What a client sends for a message of the user."""
    said = {"id": message, "role": "user", "parts": [{"type": "text", "text": text}]}
    return {"id": chat, "messages": [said], "trigger": "submit-message"}


async def say(
    client: httpx.AsyncClient, text: str, message: str = "m1", kind: str = "code"
) -> list[Form]:
    """The chunks of the answer."""
    response = await client.post(f"/api/{kind}", json=body_of(text, message=message))
    assert response.status_code == 200, response.text
    return chunks_of(response.text)


async def respond(client: httpx.AsyncClient, told: list[Form], *, approved: bool) -> list[Form]:
    """Give or deny what was asked for at the end of an answer."""
    asked = next(one for one in told if one["type"] == "tool-approval-request")
    verdict = {"id": asked["approvalId"], "approved": approved}
    part = {"type": "tool-x", "toolCallId": "x", "state": "approval-responded", "approval": verdict}
    answer = {"id": told[0]["messageId"], "role": "assistant", "parts": [part]}
    body = {"id": "c1", "messages": [answer], "trigger": "submit-message"}
    response = await client.post("/api/code", json=body)
    assert response.status_code == 200, response.text
    return chunks_of(response.text)


def chunks_of(text: str) -> list[Form]:
    """The chunks of a stream that has come to its end."""
    lines = [one.removeprefix("data: ") for one in text.split("\n") if one.startswith("data:")]
    assert lines[-1] == "[DONE]"
    return [msgspec.json.decode(one) for one in lines[:-1]]


def text_of(chunks: list[Form]) -> str:
    """What was said, without what was taken back."""
    text, kept = "", ""
    for one in chunks:
        match one:
            case {"type": "start-step"}:
                kept = text
            case {"type": "reset-step"}:
                text = kept
            case {"type": "text-delta", "delta": delta}:
                text += delta
            case _:
                pass
    return text


def data_of(chunks: list[Form], name: str) -> list[Any]:
    """The data of parts of one name."""
    return [one["data"] for one in chunks if one["type"] == f"data-{name}"]


def output_of(chunks: list[Form], call: str) -> Any:
    """What a tool has given, the last one of that name."""
    names = {one["toolCallId"]: one["toolName"] for one in chunks if "toolName" in one}
    outputs = [
        one["output"]
        for one in chunks
        if one["type"] == "tool-output-available" and names.get(one["toolCallId"], call) == call
    ]
    return outputs[-1]
