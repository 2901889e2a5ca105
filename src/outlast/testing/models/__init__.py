"""A server on this machine that answers as providers of language models do, by a script.

    async with ModelServer([Refusal(429, retry_after=1), Answer("Hello there")]) as server:
        client = AsyncOpenAI(base_url=server.openai_url, api_key="none", max_retries=0)

It speaks OpenAI's chat completions and Anthropic's messages, streamed or not, and keeps what it was asked.
"""

from outlast.testing.models.script import (
    Answer,
    ModelRequest,
    Refusal,
    Reply,
    Script,
    Silence,
    ToolCall,
)
from outlast.testing.models.server import ModelServer

__all__ = [
    "Answer",
    "ModelRequest",
    "ModelServer",
    "Refusal",
    "Reply",
    "Script",
    "Silence",
    "ToolCall",
]
