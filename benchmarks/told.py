"""An agent whose model is a server, as OpenAI's are: durable, and plainly. `CLIENT.base_url` says where the server is."""

from typing import Final

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from outlast import workflow
from outlast.agents import ui

CLIENT: Final = AsyncOpenAI(base_url="http://localhost", api_key="none", max_retries=0)
_MODEL: Final = OpenAIChatModel("scripted", provider=OpenAIProvider(openai_client=CLIENT))

plain: Final = Agent(_MODEL, name="plain")
durable: Final = Agent(_MODEL, name="told", capabilities=[ui.ChatDurable()])


@workflow(name="bench.told_chat")
async def told_chat(turn: ui.Turn) -> None:
    """A chat whose answer is what the server says."""
    async with ui.answering(turn):
        await durable.run(turn.text)
