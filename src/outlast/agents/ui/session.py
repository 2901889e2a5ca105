"""A chat as one run: it waits for the next message on a hook."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from outlast import hook, run_info
from outlast.agents.ui.replies import Answering, Turn, answering


class Incoming(BaseModel):
    """What the server hands in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: Turn | None = None
    stop: str | None = None
    """The id of the message that is to be stopped."""


def session_token(run_id: str) -> str:
    """Of the hook on which a session waits."""
    return f"outlast-chat:{run_id}"


class Session:
    """The turns of a chat, in order, as they come. Made by `session()`; use it with `async with`."""

    def __init__(self) -> None:
        self._turns: asyncio.Queue[Turn] = asyncio.Queue()
        self._current: Answering | None = None
        self._stopped: str | None = None
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        incoming = hook(
            Incoming, token=session_token(run_info().id), metadata={"kind": "chat session"}
        )
        self._pump = asyncio.create_task(self._take(incoming))
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    async def __aiter__(self) -> AsyncIterator[Turn]:
        while True:
            yield await self._turns.get()

    def answering(self, turn: Turn) -> Answering:
        """Answer a turn, as `ui.answering` does. If the user stops it, the block is cancelled and the session goes on."""
        self._current = answering(turn)
        if turn.reply == self._stopped:
            self._current.stop()
        return self._current

    async def _take(self, incoming: Any) -> None:
        async with incoming:
            async for one in incoming:
                match one:
                    case Incoming(turn=Turn() as turn):
                        self._turns.put_nowait(turn)
                    case Incoming(stop=str() as reply):
                        self._stopped = reply  # perhaps before it is answered
                        if self._current is not None and self._current.turn.reply == reply:
                            self._current.stop()
                    case _:
                        pass


def session() -> Session:
    """Take the turns of a chat, in a workflow that is the whole of it:

    @workflow
    async def chat(chat_id: str) -> None:
        history: list[ModelMessage] = []
        async with ui.session() as session:
            async for turn in session:
                async with session.answering(turn):
                    result = await agent.run(turn.text, message_history=history)
                    history = result.all_messages()
    """
    return Session()
