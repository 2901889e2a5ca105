"""What the spans of an agent's steps say besides, by OpenTelemetry's conventions for generative AI. Where no span is
recorded, nothing happens; who asks first whether the attempt is followed saves the work."""

from collections.abc import Mapping
from typing import Any, cast

from opentelemetry.trace import NoOpTracer
from pydantic_ai.durable_exec import DurableOperationId, ModelRequestId, ToolsetCallToolId
from pydantic_ai.tools import RunContext

from outlast.otel import names
from outlast.otel.attempts import tell_of_attempt

Attributes = dict[str, str | int | list[str]]


def tell_asked(operation: DurableOperationId, ctx: RunContext[Any] | None) -> None:
    """An operation begins: tell which model is asked, or which call of a tool it is."""
    match operation:
        case ModelRequestId():
            model = operation.model_name if ctx is None else ctx.model.model_name
            tell_of_attempt({names.GEN_AI_REQUEST_MODEL: model})
        case ToolsetCallToolId() if ctx is not None and ctx.tool_call_id is not None:
            tell_of_attempt({names.GEN_AI_TOOL_CALL: ctx.tool_call_id})
        case _:
            pass


def tell_response(form: object, ctx: RunContext[Any] | None) -> None:
    """What a model has answered, in the form in which it is recorded: tell who that was, and what it has used.

    Where Pydantic AI has a span for the request, that tells the same: whoever adds tokens up is to count them once.
    """
    if not (ctx is None or isinstance(ctx.tracer, NoOpTracer)):
        return
    found: dict[str, Any] = cast("dict[str, Any]", form) if isinstance(form, dict) else {}
    if found.get("kind") == "response":
        tell_of_attempt(response_attributes(found))


def response_attributes(response: Mapping[str, Any]) -> Attributes:
    """The attributes of a recorded response; none for what it does not say."""
    usage: dict[str, Any] = response.get("usage") or {}
    reason = response.get("finish_reason")
    found: dict[str, Any] = {
        names.GEN_AI_PROVIDER: response.get("provider_name"),
        names.GEN_AI_RESPONSE_MODEL: response.get("model_name"),
        names.GEN_AI_RESPONSE_ID: response.get("provider_response_id"),
        names.GEN_AI_FINISH_REASONS: [reason] if reason else None,
        names.GEN_AI_INPUT_TOKENS: usage.get("input_tokens"),
        names.GEN_AI_OUTPUT_TOKENS: usage.get("output_tokens"),
        names.GEN_AI_CACHE_READ: usage.get("cache_read_tokens"),
        names.GEN_AI_CACHE_WRITE: usage.get("cache_write_tokens"),
    }
    return {name: value for name, value in found.items() if value}
