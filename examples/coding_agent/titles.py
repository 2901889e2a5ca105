"""Titles of chats, by the small model: with examples of what a title is, for it is very small."""

from typing import Final

from pydantic_ai import Agent
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserPromptPart,
)
from pydantic_ai.settings import ModelSettings

from examples.coding_agent.models import choose_talk
from outlast.agents import Durable, StepOptions

LONGEST: Final = 60
_READ: Final = 300
_EXAMPLES: Final = (
    ("How do I bake bread without yeast?", "Bread without yeast"),
    ("Please build a page that shows the weather in Rome", "Weather page for Rome"),
    ("make me a game of chess", "Game of chess"),
)

titler: Final = Agent(
    choose_talk().model,
    name="titler",
    instructions="You write short titles. Answer with the title only.",
    model_settings=ModelSettings(max_tokens=14, temperature=0.0),
    capabilities=[Durable(model_step=StepOptions(retries=1, timeout="30s"))],
)


async def title_of(text: str) -> str:
    """A title for a chat that begins with this text, in a workflow. Raises what the model fails with."""
    result = await titler.run(_asked(text[:_READ]), message_history=_HISTORY)
    return tidied(result.output) or first_words(text)


def first_words(text: str) -> str:
    """A title without a model."""
    return text.strip().partition("\n")[0][:LONGEST]


def tidied(title: str) -> str:
    """As it was meant: one line, without quotes and stars."""
    return title.strip().partition("\n")[0].strip(" \"'*#").removeprefix("Title: ")[:LONGEST]


def _asked(text: str) -> str:
    return f"Title for: {text}"


_HISTORY: Final[list[ModelMessage]] = [
    message
    for text, title in _EXAMPLES
    for message in (
        ModelRequest(parts=[UserPromptPart(_asked(text))]),
        ModelResponse(parts=[TextPart(title)]),
    )
]
