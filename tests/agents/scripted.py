"""Models that follow a script, and count how often they are asked."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel
from pydantic_ai.usage import RequestUsage

Call: TypeAlias = tuple[str, dict[str, Any]]
Reply: TypeAlias = str | Sequence[Call] | Exception


@dataclass
class Script:
    """Gives the n-th reply to a history with n responses, whoever asks and however often."""

    replies: Sequence[Reply]
    asked: list[int] = field(default_factory=list[int])
    """The numbers of the replies, in the order in which they were asked for."""

    def model(self) -> FunctionModel:
        return FunctionModel(self._answer, stream_function=self._stream, model_name="scripted")

    def _next(self, messages: list[ModelMessage]) -> Reply:
        number = sum(isinstance(message, ModelResponse) for message in messages)
        self.asked.append(number)
        reply = self.replies[number]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _answer(self, messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        number, reply = len(messages), self._next(messages)
        if isinstance(reply, str):
            parts: list[Any] = [TextPart(reply)]
        else:
            assert not isinstance(reply, Exception)
            parts = [
                ToolCallPart(name, args, tool_call_id=f"{number}-{place}")
                for place, (name, args) in enumerate(reply)
            ]
        return ModelResponse(parts=parts, usage=RequestUsage(input_tokens=10, output_tokens=5))

    async def _stream(
        self, messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        for place, part in enumerate(self._answer(messages, info).parts):
            match part:
                case TextPart():
                    for number, word in enumerate(part.content.split(" ")):
                        yield f" {word}" if number else word
                case ToolCallPart():
                    json_args = part.args_as_json_str()
                    call = DeltaToolCall(part.tool_name, json_args, tool_call_id=part.tool_call_id)
                    yield {place: call}
                case _:
                    raise AssertionError(part)
