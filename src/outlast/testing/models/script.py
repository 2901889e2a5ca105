"""What a scripted model answers: one closed union of frozen records."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a tool that the model asks for."""

    name: str
    arguments: Mapping[str, Any] | str = {}
    """A text is sent as it is, also if it is no JSON."""
    id: str | None = None
    """By default the number of the request and the place of the call: `call_2_0`."""

    @property
    def text(self) -> str:
        """The arguments as they are sent."""
        given = self.arguments
        return given if isinstance(given, str) else msgspec.json.encode(given).decode()


class Answer(msgspec.Struct, frozen=True):
    """The model answers: with a text, calls of tools, or both. Streamed, a chunk has one word of the text."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    pause: float = 0.0
    """Seconds before each word and each piece of a call."""
    drop_after: int | None = None
    """After so many server-sent events the connection breaks; of an answer that is not streamed nothing comes then."""

    @property
    def words(self) -> list[str]:
        """The text in the pieces in which it is streamed."""
        return re.findall(r"\S+\s*|\s+", self.text)


class Refusal(msgspec.Struct, frozen=True):
    """The provider refuses: 429 for too many requests, 529 where it is overloaded, 500, or what else there is."""

    status: int = 429
    retry_after: float | None = None
    """Seconds: for the header of that name, where they are rounded up, and as providers do for `retry-after-ms`."""
    message: str = "the script refuses this request"


class Silence(msgspec.Struct, frozen=True):
    """The provider takes the request and never answers."""


Reply: TypeAlias = Answer | Refusal | Silence
"""What becomes of a request."""


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that the server has got."""

    number: int
    """From 0."""
    api: Literal["openai", "anthropic"]
    headers: dict[str, str]
    """By their names in lower case."""
    body: dict[str, Any]

    @property
    def streamed(self) -> bool:
        """Whether the answer is wanted as a stream of events."""
        return bool(self.body.get("stream"))

    @property
    def model(self) -> str:
        """The name of the model that was asked for."""
        return str(self.body.get("model", "scripted"))


Script: TypeAlias = Sequence[Reply] | Callable[[ModelRequest], Reply]
"""The replies in the order of the requests; or what decides on each request."""


def reply_to(script: Script, request: ModelRequest) -> Reply:
    """What the script says. Where it says nothing any more the request is refused for good."""
    if callable(script):
        return script(request)
    if request.number < len(script):
        return script[request.number]
    message = f"the script has {len(script)} replies; this is request number {request.number}"
    return Refusal(400, message=message)


def call_id(request: ModelRequest, place: int, call: ToolCall) -> str:
    """The id of a call."""
    return call.id or f"call_{request.number}_{place}"


def input_tokens(request: ModelRequest) -> int:
    """A number that grows with the conversation."""
    return len(request.body.get("messages", ()))


def output_tokens(answer: Answer) -> int:
    """A number that grows with the answer."""
    return len(answer.words) + len(answer.calls)
