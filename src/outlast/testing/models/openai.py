"""Answers as OpenAI's chat completions have them."""

from collections.abc import Iterator
from typing import Any, Final

from outlast.testing.models.script import (
    Answer,
    ModelRequest,
    Refusal,
    call_id,
    input_tokens,
    output_tokens,
)

DONE: Final = b"data: [DONE]\n\n"


def whole(request: ModelRequest, answer: Answer) -> dict[str, Any]:
    """The answer as one document."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.calls:
        message["tool_calls"] = [
            {"id": call_id(request, place, call), **_function(call.name, call.text)}
            for place, call in enumerate(answer.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
    return _envelope(request, "chat.completion", [choice]) | {"usage": _usage(request, answer)}


def pieces(request: ModelRequest, answer: Answer) -> Iterator[dict[str, Any]]:
    """The answer as the documents of a stream."""
    yield _chunk(request, {"role": "assistant", "content": ""})
    for word in answer.words:
        yield _chunk(request, {"content": word})
    for place, call in enumerate(answer.calls):
        begin = {"index": place, "id": call_id(request, place, call), **_function(call.name, "")}
        yield _chunk(request, {"tool_calls": [begin]})
        half = len(call.text) // 2
        for text in (call.text[:half], call.text[half:]):
            part = {"index": place, "function": {"arguments": text}}
            yield _chunk(request, {"tool_calls": [part]})
    yield _chunk(request, {}, _reason(answer))
    options: dict[str, Any] = request.body.get("stream_options") or {}
    if options.get("include_usage"):
        last = _envelope(request, "chat.completion.chunk", [])
        yield last | {"usage": _usage(request, answer)}


def refused(refusal: Refusal) -> dict[str, Any]:
    """The document about an error."""
    error = {"message": refusal.message, "type": "scripted", "param": None, "code": None}
    return {"error": error}


def _function(name: str, arguments: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def _chunk(
    request: ModelRequest, delta: dict[str, Any], reason: str | None = None
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _envelope(request, "chat.completion.chunk", [choice])


def _envelope(request: ModelRequest, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{request.number}",
        "object": kind,
        "created": 1_893_456_000,
        "model": request.model,
        "choices": choices,
    }


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _usage(request: ModelRequest, answer: Answer) -> dict[str, int]:
    given, made = input_tokens(request), output_tokens(answer)
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
