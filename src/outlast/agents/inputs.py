"""What is recorded as the input of an agent's step: enough to read the log, and to notice that the code has changed.

It must be the same at each replay, and small: a model request carries all messages so far, and the log of a long
conversation must not have each of them again for each request. So messages count by their number and a digest of the
last one. Instructions and settings do not count: they may be edited while runs are on their way.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, cast

from pydantic import TypeAdapter
from pydantic_ai.durable_exec import (
    DurableOperationId,
    ModelRequestId,
    ToolsetCallToolId,
)
from pydantic_ai.messages import ModelMessage, ToolCallPart
from pydantic_ai.tools import RunContext

Input = dict[str, Any]


def step_input(
    operation: DurableOperationId, ctx: RunContext[Any] | None, cache_key: tuple[object, ...]
) -> Input:
    """The recorded input of an operation of the agent's run whose context that is."""
    match operation:
        case ModelRequestId():
            return _of_messages(_messages(cache_key))
        case ToolsetCallToolId():
            return {} if ctx is None or ctx.tool_call_id is None else _of_call(ctx)
        case _:
            return {}


def context_of(cache_key: tuple[object, ...]) -> RunContext[Any] | None:
    """The context of the agent's run that an operation belongs to."""
    for part in reversed(cache_key):  # it is the last, or near it
        if isinstance(part, RunContext):
            return part  # pyright: ignore[reportUnknownVariableType] - its type parameter is not known at run time
    return None


def _messages(cache_key: tuple[object, ...]) -> list[ModelMessage]:
    for part in cache_key:
        if isinstance(part, list):
            return cast("list[ModelMessage]", part)
    return []


def _of_messages(messages: Sequence[ModelMessage]) -> Input:
    if not messages:
        return {"messages": 0}
    return {"messages": len(messages), "digest": _digest(messages[-1])}


def _of_call(ctx: RunContext[Any]) -> Input:
    """The call as the model made it: it stands in a recorded response, so it is the same at each replay."""
    found = {"call": ctx.tool_call_id}
    for message in reversed(ctx.messages):
        for part in message.parts:
            if isinstance(part, ToolCallPart) and part.tool_call_id == ctx.tool_call_id:
                return {**found, "args": part.args}
    return found


def _digest(message: ModelMessage) -> str:
    said = [_said(part) for part in message.parts if part.part_kind in _SAID]
    try:
        text = _to_json(said)
    except (TypeError, ValueError):  # an image, a model of the user's
        text = _to_json(_form(said))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _said(part: Any) -> tuple[object, ...]:
    """What was said, and in answer to which call: not what differs from one execution to the next, and not what a later
    version of Pydantic AI may add."""
    call: str | None = getattr(part, "tool_call_id", None)
    return part.part_kind, getattr(part, "tool_name", None), call, part.content


def _form(value: object) -> Any:
    """The JSON form of what is not JSON as it is, without fields that have their default."""
    return _ANY.dump_python(
        value, mode="json", exclude_defaults=True, fallback=_kind, warnings=False
    )


def _kind(value: object) -> str:
    """What stands for a value without a JSON form: its type, for its `repr` may tell an address."""
    return type(value).__qualname__


_SAID: Final = {"user-prompt", "tool-return", "retry-prompt", "retry-feedback"}
_ANY: Final[TypeAdapter[Any]] = TypeAdapter(Any)
_to_json: Final = json.JSONEncoder(sort_keys=True).encode
