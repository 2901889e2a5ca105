"""Chats, asked as their clients do, without a socket. Without the extra `outlast[agents]` nothing is collected here."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from starlette.types import ASGIApp

from outlast import App, WorkerOptions
from outlast.testing import Signals

if TYPE_CHECKING:
    from outlast.agents.ui import ChatApp

collect_ignore_glob = [] if find_spec("pydantic_ai") else ["*test_*.py"]

Form = dict[str, Any]


def said(text: str, message: str) -> Form:
    """A message of the user."""
    return {"id": message, "role": "user", "parts": [{"type": "text", "text": text}]}


def approved(reply: str, *verdicts: Mapping[str, Any]) -> Form:
    """An answer in which approvals were responded to, as a client has it."""
    parts = [
        {"type": "tool-pay", "toolCallId": "x", "state": "approval-responded", "approval": one}
        for one in verdicts
    ]
    return {"id": reply, "role": "assistant", "parts": parts}


class Answer:
    """What has come of a request."""

    def __init__(self, response: httpx.Response) -> None:
        self.status, self.headers, self.text = response.status_code, response.headers, response.text

    @property
    def problem(self) -> Form:
        """The problem document."""
        found: Form = msgspec.json.decode(self.text)
        return found

    @property
    def chunks(self) -> list[Form]:
        """The chunks of the stream."""
        assert self.status == 200, self.text
        lines = [
            one.removeprefix("data: ") for one in self.text.split("\n") if one.startswith("data:")
        ]
        assert lines[-1] == "[DONE]"
        return [msgspec.json.decode(one) for one in lines[:-1]]

    @property
    def place(self) -> str:
        """Where a `WorkflowChatTransport` goes on."""
        return self.headers["x-workflow-run-id"]

    @property
    def reply(self) -> str:
        """The id of the message."""
        return self.place.split("~")[-2]


class Client:
    """A client of chats."""

    def __init__(
        self,
        http: ASGIApp,
        headers: Mapping[str, str],
        *,
        path: str = "/api/chat",
        host: str = "localhost",
    ) -> None:
        transport = httpx.ASGITransport(
            http, client=("127.0.0.1", 5000), raise_app_exceptions=False
        )
        self._client = httpx.AsyncClient(
            transport=transport, base_url=f"http://{host}{path}", headers=dict(headers)
        )

    async def post(self, *messages: Form, chat: str | None = "c1", **body: Any) -> Answer:
        """Send messages."""
        more = {} if chat is None else {"id": chat}
        return Answer(await self._client.post("", json={"messages": messages, **more, **body}))

    async def say(self, text: str, message: str = "u1", chat: str = "c1") -> Answer:
        """Send a message of the user."""
        return await self.post(said(text, message), chat=chat, trigger="submit-message")

    async def resume(self, place: str = "c1", start: int | None = None) -> Answer:
        """Come back to a stream."""
        params = {} if start is None else {"startIndex": start}
        return Answer(await self._client.get(f"/{place}/stream", params=params))

    async def stop(self, chat: str = "c1") -> Answer:
        """Stop the answer."""
        return Answer(await self._client.post(f"/{chat}/stop"))

    async def load(self, chat: str = "c1", **query: Any) -> Answer:
        """Ask for the messages."""
        return Answer(await self._client.get(f"/{chat}", params=query))

    async def raw(self, body: bytes, **headers: str) -> Answer:
        """Send whatever."""
        return Answer(await self._client.post("", content=body, headers=headers))


class Site:
    """An open app, and what its chats are served by."""

    def __init__(self, app: App, http: "ChatApp", signals: Signals) -> None:
        self.app, self.http, self.signals = app, http, signals

    def client(self, host: str = "localhost", **headers: str) -> Client:
        """A client that sends these headers."""
        return Client(self.http, headers, host=host)


Scenario = Callable[[Site], Awaitable[None]]
OnChat = Callable[[Callable[[App], "ChatApp"], Scenario], None]


@pytest.fixture
def on_chat() -> OnChat:
    """Run a scenario on an open app in memory."""

    def play(make: Callable[[App], "ChatApp"], scenario: Scenario) -> None:
        async def main() -> None:
            signals = Signals()
            app = App("memory://", instruments=[signals], options=WorkerOptions(verify_replay=True))
            async with app, asyncio.timeout(30):
                await scenario(Site(app, make(app), signals))

        asyncio.run(main())

    return play


def shown(chunks: Sequence[Form]) -> list[Form]:
    """What a client makes of chunks: the parts of the message. Texts, calls and steps; enough to compare messages."""
    parts: list[Form] = []
    for one in chunks:
        match one:
            case {"type": "start-step"}:
                parts.append({"step": True})
            case {"type": "reset-step"}:
                while parts and "step" not in parts[-1]:
                    parts.pop()
            case {"type": "text-start", "id": id}:
                parts.append({"text": "", "id": id})
            case {"type": "text-delta", "id": id, "delta": delta}:
                _last(parts, id=id)["text"] += delta
            case {"type": "tool-input-available", "toolCallId": call, "input": given}:
                parts.append({"call": call, "input": given})
            case {"type": "tool-output-available", "toolCallId": call, "output": output}:
                _last(parts, call=call)["output"] = output
            case {"type": "tool-output-denied", "toolCallId": call}:
                _last(parts, call=call)["denied"] = True
            case _:
                pass
    return parts


def _last(parts: list[Form], **wanted: str) -> Form:
    return next(one for one in reversed(parts) if wanted.items() <= one.items())
