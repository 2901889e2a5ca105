"""A script in the place of a model, for a demo that needs no key. It says so, and so does the page.

It looks at the words of the last message, and answers with the next stage of one of its acts. What it knows is the
history that it is given, as with a model: so a request that is repeated is answered alike.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from examples.coding_agent.acts import Call, Say, Scene, next_stage
from examples.coding_agent.settings import pace

_PIECE: Final = re.compile(r"\s*\S+\s*")
_PIECES: Final = 40
"""In so many pieces the arguments of a call come, however long they are."""


def scripted_model() -> FunctionModel:
    """The model that follows the script."""
    return FunctionModel(stream_function=follow_script, model_name="scripted")


async def follow_script(
    messages: list[ModelMessage], _info: AgentInfo
) -> AsyncIterator[str | DeltaToolCalls]:
    """The next stage, word by word."""
    scene = scene_of(messages)
    stage = next_stage(scene)
    for number, one in enumerate(stage):
        match one:
            case Say(text=text):
                async for word in _spoken(text):
                    yield word
            case Call():
                async for delta in _called(one, number, scene):
                    yield delta


def scene_of(messages: Sequence[ModelMessage]) -> Scene:
    """What the script needs to know of a history."""
    start = max(number for number, one in enumerate(messages) if _prompt(one) is not None)
    done = messages[start + 1 :]
    return Scene(
        prompt=_prompt(messages[start]) or "",
        stage=sum(isinstance(one, ModelResponse) for one in done),
        turn=sum(_prompt(one) is not None for one in messages),
        results=tuple(_results(done)),
        sandbox=_last_sandbox(messages),
    )


def _prompt(message: ModelMessage) -> str | None:
    if not isinstance(message, ModelRequest):
        return None
    prompts = [part for part in message.parts if isinstance(part, UserPromptPart)]
    return None if not prompts else str(prompts[-1].content)


def _results(messages: Sequence[ModelMessage]) -> list[tuple[str, Any]]:
    return [
        (part.tool_name, "denied" if part.outcome == "denied" else part.content)
        for message in messages
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]


def _last_sandbox(messages: Sequence[ModelMessage]) -> str | None:
    made = [content for name, content in _results(messages) if name == "create_sandbox"]
    return str(made[-1]["sandbox"]) if made and "sandbox" in made[-1] else None


async def _spoken(text: str) -> AsyncIterator[str]:
    for word in _PIECE.findall(text):
        await asyncio.sleep(pace())
        yield word


async def _called(call: Call, number: int, scene: Scene) -> AsyncIterator[DeltaToolCalls]:
    identity = f"call-{scene.turn}-{scene.stage}-{number}"
    arguments = json.dumps(call.arguments)
    size = max(20, len(arguments) // _PIECES)
    yield {number: DeltaToolCall(name=call.tool, json_args="", tool_call_id=identity)}
    for place in range(0, len(arguments), size):
        await asyncio.sleep(pace())
        yield {number: DeltaToolCall(json_args=arguments[place : place + size])}
