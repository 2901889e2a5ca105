"""Answers as Anthropic's messages have them."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from outlast.testing.models.script import (
    Answer,
    ModelRequest,
    Refusal,
    ToolCall,
    call_id,
    input_tokens,
    output_tokens,
)


def whole(request: ModelRequest, answer: Answer) -> dict[str, Any]:
    """The answer as one document."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": answer.text}] if answer.text else []
    for place, call in enumerate(answer.calls):
        blocks.append(_tool(request, place, call) | {"input": _arguments(call)})
    usage = _usage(request, output_tokens(answer))
    return _message(request, blocks) | {"stop_reason": _reason(answer), "usage": usage}


def pieces(request: ModelRequest, answer: Answer) -> Iterator[dict[str, Any]]:
    """The answer as the documents of a stream."""
    message = _message(request, []) | {"stop_reason": None, "usage": _usage(request, 0)}
    yield {"type": "message_start", "message": message}
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if answer.text:
        texts = [{"type": "text_delta", "text": word} for word in answer.words]
        blocks.append(({"type": "text", "text": ""}, texts))
    for place, call in enumerate(answer.calls):
        half = len(call.text) // 2
        parts = (call.text[:half], call.text[half:])
        inputs = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        blocks.append((_tool(request, place, call) | {"input": {}}, inputs))
    for index, (block, deltas) in enumerate(blocks):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": _reason(answer), "stop_sequence": None}
    yield {
        "type": "message_delta",
        "delta": ending,
        "usage": {"output_tokens": output_tokens(answer)},
    }
    yield {"type": "message_stop"}


def refused(refusal: Refusal) -> dict[str, Any]:
    """The document about an error."""
    kinds = {400: "invalid_request_error", 429: "rate_limit_error", 529: "overloaded_error"}
    kind = kinds.get(refusal.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": refusal.message}}


def _message(request: ModelRequest, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": blocks,
        "stop_sequence": None,
    }


def _tool(request: ModelRequest, place: int, call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id(request, place, call), "name": call.name}


def _arguments(call: ToolCall) -> Any:
    """A document cannot have what is no JSON: then it has the text."""
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(call.text)
    return call.text


def _reason(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"


def _usage(request: ModelRequest, made: int) -> dict[str, int]:
    return {"input_tokens": input_tokens(request), "output_tokens": made}
