"""`ChatDurable`: an agent that is durable, and whose answers are messages of a chat."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from pydantic_ai.messages import AgentStreamEvent
from pydantic_ai.tools import AgentDepsT, RunContext

from outlast.agents import Durable
from outlast.agents.ui.replies import current_reply
from outlast.agents.ui.transform import event_chunks, model_chunks
from outlast.agents.ui.writing import message


class ChatDurable(Durable[AgentDepsT]):
    """As `Durable`; and within `ui.answering(turn)` all that the agent does is written to the message, live. It takes the
    options of `Durable` except `stream`.

        agent = Agent("openai:gpt-5", name="clerk", capabilities=[ui.ChatDurable()])
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(stream=ChunkWriter(), **options)


class ChunkWriter:
    """Writes the events of an agent as chunks of the current message; where there is none, nothing."""

    async def __call__(
        self, ctx: RunContext[Any], events: AsyncIterable[AgentStreamEvent], /
    ) -> None:
        """Write a model's answer, as one step of the message."""
        reply = current_reply()
        if reply is None:
            async for _ in events:
                pass
            return
        async with message(reply) as out, out.step():
            async for chunk in model_chunks(events, ctx.run_step):
                await out.write(chunk)

    async def write(self, events: Iterable[AgentStreamEvent]) -> None:
        """Write events that have waited."""
        reply = current_reply()
        chunks = [] if reply is None else [c for e in events for c in event_chunks(e, reply)]
        if reply is not None and chunks:
            async with message(reply) as out:
                await out.write_once(*chunks)
