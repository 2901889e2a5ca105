"""The events of an agent as chunks of a message. What becomes of an event depends on that event alone, so it does not
matter which process has seen the ones before."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any, Final, cast

from pydantic_ai.messages import (
    ERROR_OUTCOMES,
    AgentStreamEvent,
    CustomEvent,
    DeferredToolRequestsEvent,
    DeferredToolResultsEvent,
    FilePart,
    FunctionToolResultEvent,
    NativeToolCallPart,
    NativeToolReturnPart,
    OutputToolResultEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
)
from pydantic_ai.tools import ToolApproved, ToolDenied
from pydantic_core import to_json, to_jsonable_python

from outlast.agents.ui import chunks
from outlast.agents.ui.chunks import Chunk


def approval_id(message_id: str, call_id: str) -> str:
    """What the request to approve a call is named in a message."""
    return f"{message_id}.{call_id}"


async def model_chunks(events: AsyncIterable[AgentStreamEvent], step: int) -> AsyncIterator[Chunk]:
    """The chunks of a model's answer, the `step`-th of the agent's run. Calls of tools whose ids come late are named when
    they do."""
    calls: dict[int, str] = {}
    async for event in events:
        match event:
            case PartStartEvent(index=index, part=part):
                if isinstance(part, ToolCallPart | NativeToolCallPart):
                    calls[index] = part.tool_call_id
                for chunk in _start(f"{step}.{index}", part):
                    yield chunk
            case PartDeltaEvent(index=index, delta=delta):
                for chunk in _delta(f"{step}.{index}", delta, calls.get(index, "")):
                    yield chunk
            case PartEndEvent(index=index, part=part):
                for chunk in _end(f"{step}.{index}", part):
                    yield chunk
            case _:
                pass


def event_chunks(event: AgentStreamEvent, message_id: str) -> Iterator[Chunk]:
    """The chunks of an event that arises between the answers of the model: results of tools, and approvals."""
    match event:
        case FunctionToolResultEvent(part=part) | OutputToolResultEvent(part=part):
            yield _result(part)
        case DeferredToolRequestsEvent(requests=requests) if requests.approvals:
            for call in requests.approvals:
                yield chunks.ToolApprovalRequest(
                    approval_id=approval_id(message_id, call.tool_call_id),
                    tool_call_id=call.tool_call_id,
                )
            yield chunks.Finish(finish_reason="tool-calls")
        case DeferredToolResultsEvent(results=results):
            for call_id, verdict in results.approvals.items():
                yield _response(approval_id(message_id, call_id), verdict)
        case CustomEvent():
            yield chunks.Data(name=event.name, data=_json(event.to_payload()))
        case _:
            pass


def _start(id: str, part: Any) -> Iterator[Chunk]:  # noqa: A002 - the protocol's name
    match part:
        case TextPart(content=content):
            yield chunks.TextStart(id=id)
            if content:
                yield chunks.TextDelta(id=id, delta=content)
        case ThinkingPart(content=content):
            yield chunks.ReasoningStart(id=id)
            if content:
                yield chunks.ReasoningDelta(id=id, delta=content)
        case ToolCallPart() | NativeToolCallPart():
            yield chunks.ToolInputStart(
                tool_call_id=part.tool_call_id,
                tool_name=part.tool_name,
                provider_executed=True if isinstance(part, NativeToolCallPart) else None,
            )
            if part.args:
                yield chunks.ToolInputDelta(
                    tool_call_id=part.tool_call_id, input_text_delta=_text(part.args)
                )
        case NativeToolReturnPart():
            yield _result(cast("Any", part))
        case FilePart(content=content):
            yield chunks.File(url=content.data_uri, media_type=content.media_type)
        case _:
            pass


def _delta(id: str, delta: object, call_id: str) -> Iterator[Chunk]:  # noqa: A002 - the protocol's name
    match delta:
        case TextPartDelta(content_delta=content) if content:
            yield chunks.TextDelta(id=id, delta=content)
        case ThinkingPartDelta(content_delta=content) if content:
            yield chunks.ReasoningDelta(id=id, delta=content)
        case ToolCallPartDelta(args_delta=args) if args:
            yield chunks.ToolInputDelta(tool_call_id=call_id, input_text_delta=_text(args))
        case _:
            pass


def _end(id: str, part: Any) -> Iterator[Chunk]:  # noqa: A002 - the protocol's name
    match part:
        case TextPart():
            yield chunks.TextEnd(id=id)
        case ThinkingPart():
            yield chunks.ReasoningEnd(id=id)
        case ToolCallPart() | NativeToolCallPart():
            yield _input(cast("Any", part))
        case _:
            pass


def _input(part: ToolCallPart | NativeToolCallPart) -> Chunk:
    """All arguments of a call; as the text that they are, if they are no JSON."""
    by_provider = True if isinstance(part, NativeToolCallPart) else None
    try:
        args: Any = part.args_as_dict(raise_if_invalid=True)
    except (ValueError, AssertionError) as error:
        return chunks.ToolInputError(
            tool_call_id=part.tool_call_id,
            tool_name=part.tool_name,
            input=part.args,
            error_text=f"the model has sent arguments that are no JSON object: {error}",
            provider_executed=by_provider,
        )
    return chunks.ToolInputAvailable(
        tool_call_id=part.tool_call_id,
        tool_name=part.tool_name,
        input=args,
        provider_executed=by_provider,
    )


def _result(part: ToolReturnPart | NativeToolReturnPart) -> Chunk:
    if part.outcome == "denied":
        return chunks.ToolOutputDenied(tool_call_id=part.tool_call_id)
    if part.outcome in ERROR_OUTCOMES:
        text = part.model_response_str(wrap_if_error=False)
        return chunks.ToolOutputError(tool_call_id=part.tool_call_id, error_text=text)
    return chunks.ToolOutputAvailable(
        tool_call_id=part.tool_call_id,
        output=_json(part.content),
        provider_executed=True if isinstance(part, NativeToolReturnPart) else None,
    )


def _response(id: str, verdict: object) -> Chunk:  # noqa: A002 - the protocol's name
    match verdict:
        case ToolDenied(message=message):
            reason = None if message == _NO_REASON else message
            return chunks.ToolApprovalResponse(approval_id=id, approved=False, reason=reason)
        case ToolApproved():
            return chunks.ToolApprovalResponse(approval_id=id, approved=True)
        case _:
            return chunks.ToolApprovalResponse(approval_id=id, approved=bool(verdict))


_NO_REASON: Final = ToolDenied().message
"""What the model reads where nobody has given a reason. It is nobody's."""


def _text(args: str | dict[str, Any]) -> str:
    return args if isinstance(args, str) else to_json(args).decode()


def _json(value: object) -> Any:
    return to_jsonable_python(value, fallback=repr)
