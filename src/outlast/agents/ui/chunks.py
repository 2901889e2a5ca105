"""The chunks of which a message in a chat is made: the UI message stream of the AI SDK, protocol v1, as typed records.

All that clients of version 7 know. They refuse a stream with a chunk of another type: `steering-message`, which some of them know and
which is said to be experimental, is not here."""

from typing import Any, Final, Literal, TypeAlias, cast

import msgspec

Metadata: TypeAlias = dict[str, dict[str, Any]]
"""What a provider has said beyond the protocol, by the provider's name."""
FinishReason: TypeAlias = Literal[
    "stop", "length", "content-filter", "tool-calls", "error", "other"
]
"""Those that all clients of version 7 know: they refuse a chunk with another one."""


def _kebab(name: str) -> str:
    """`ToolInputStart` -> `tool-input-start`."""
    return "".join([f"-{one.lower()}" if one.isupper() else one for one in name]).removeprefix("-")


class Record(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    tag_field="type",
    tag=_kebab,
):
    """The base of all chunks but `Data`."""


class Start(Record, frozen=True, kw_only=True):
    """A message begins, or goes on."""

    message_id: str | None = None
    message_metadata: Any = None


class Finish(Record, frozen=True, kw_only=True):
    """Nothing more comes for now."""

    finish_reason: FinishReason | None = None
    message_metadata: Any = None


class Abort(Record, frozen=True, kw_only=True):
    """The message was stopped."""

    reason: str | None = None


class Error(Record, frozen=True, kw_only=True):
    """The message has failed. The text is shown to the user."""

    error_text: str


class MessageMetadata(Record, frozen=True, kw_only=True):
    """What is told of the message, merged into what was told before."""

    message_metadata: Any


class StartStep(Record, frozen=True, kw_only=True):
    """A request to the model begins."""


class FinishStep(Record, frozen=True, kw_only=True):
    """It has ended, and so has what it asked for."""


class ResetStep(Record, frozen=True, kw_only=True):
    """What has come since the step began does not count: it is done again."""


class TextStart(Record, frozen=True, kw_only=True):
    """A text begins."""

    id: str
    provider_metadata: Metadata | None = None


class TextDelta(Record, frozen=True, kw_only=True):
    """More of it."""

    id: str
    delta: str
    provider_metadata: Metadata | None = None


class TextEnd(Record, frozen=True, kw_only=True):
    """It has ended."""

    id: str
    citations: list[Any] | None = None
    provider_metadata: Metadata | None = None


class ReasoningStart(Record, frozen=True, kw_only=True):
    """What the model thinks begins."""

    id: str
    provider_metadata: Metadata | None = None


class ReasoningDelta(Record, frozen=True, kw_only=True):
    """More of it."""

    id: str
    delta: str
    provider_metadata: Metadata | None = None


class ReasoningEnd(Record, frozen=True, kw_only=True):
    """It has ended."""

    id: str
    provider_metadata: Metadata | None = None


class ToolInputStart(Record, frozen=True, kw_only=True):
    """The arguments of a call begin."""

    tool_call_id: str
    tool_name: str
    input_encoding: Literal["json", "text"] | None = None
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None
    tool_metadata: dict[str, Any] | None = None
    dynamic: bool | None = None
    title: str | None = None


class ToolInputDelta(Record, frozen=True, kw_only=True):
    """More of them, as text."""

    tool_call_id: str
    input_text_delta: str


class ToolInputAvailable(Record, frozen=True, kw_only=True):
    """All arguments of a call. It needs no `ToolInputStart` before."""

    tool_call_id: str
    tool_name: str
    input: Any
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None
    tool_metadata: dict[str, Any] | None = None
    dynamic: bool | None = None
    title: str | None = None


class ToolInputError(Record, frozen=True, kw_only=True):
    """The arguments cannot be used."""

    tool_call_id: str
    tool_name: str
    input: Any
    error_text: str
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None
    tool_metadata: dict[str, Any] | None = None
    dynamic: bool | None = None
    title: str | None = None


class ToolApprovalRequest(Record, frozen=True, kw_only=True):
    """Somebody has to approve a call."""

    approval_id: str
    tool_call_id: str
    approval_descriptor: Any = None
    input_schema_input: Any = msgspec.UNSET
    reason: str | None = None
    is_automatic: bool | None = None
    signature: str | None = None


class ToolApprovalResponse(Record, frozen=True, kw_only=True):
    """Somebody has decided."""

    approval_id: str
    approved: bool
    reason: str | None = None
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None


class ToolOutputAvailable(Record, frozen=True, kw_only=True):
    """What a call has given."""

    tool_call_id: str
    output: Any
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None
    tool_metadata: dict[str, Any] | None = None
    dynamic: bool | None = None
    preliminary: bool | None = None


class ToolOutputError(Record, frozen=True, kw_only=True):
    """A call has failed."""

    tool_call_id: str
    error_text: str
    provider_executed: bool | None = None
    provider_metadata: Metadata | None = None
    tool_metadata: dict[str, Any] | None = None
    dynamic: bool | None = None


class ToolOutputDenied(Record, frozen=True, kw_only=True):
    """A call was not approved."""

    tool_call_id: str


class SourceUrl(Record, frozen=True, kw_only=True):
    """A page that the answer draws on."""

    source_id: str
    url: str
    title: str | None = None
    provider_metadata: Metadata | None = None


class SourceDocument(Record, frozen=True, kw_only=True):
    """A document that the answer draws on."""

    source_id: str
    media_type: str
    title: str
    filename: str | None = None
    provider_metadata: Metadata | None = None


class File(Record, frozen=True, kw_only=True):
    """A file, by a URL, which may be a `data:` one."""

    url: str
    media_type: str
    provider_metadata: Metadata | None = None


class ReasoningFile(Record, frozen=True, kw_only=True):
    """A file that belongs to what the model thinks."""

    url: str
    media_type: str
    provider_metadata: Metadata | None = None


class Custom(Record, frozen=True, kw_only=True):
    """What a provider has of its own: `openai.something`."""

    kind: str
    provider_metadata: Metadata | None = None


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """Data of the application, for a component of its own: a part `data-NAME`."""

    name: str
    data: Any
    id: str | None = None
    """A later chunk with this id replaces the data of this one."""
    transient: bool = False
    """Whether it is told once and is no part of the message."""


Tagged: TypeAlias = (
    Start | Finish | Abort | Error | MessageMetadata | StartStep | FinishStep | ResetStep
    | TextStart | TextDelta | TextEnd | ReasoningStart | ReasoningDelta | ReasoningEnd
    | ToolInputStart | ToolInputDelta | ToolInputAvailable | ToolInputError
    | ToolApprovalRequest | ToolApprovalResponse
    | ToolOutputAvailable | ToolOutputError | ToolOutputDenied
    | SourceUrl | SourceDocument | File | ReasoningFile | Custom
)  # fmt: skip
Chunk: TypeAlias = Tagged | Data
"""A chunk of a message."""


def wire(chunk: Chunk) -> dict[str, Any]:
    """The JSON form of a chunk. Raises `TypeError` for a value in it that has none."""
    match chunk:
        case Data(name=name, data=data, id=identity, transient=transient):
            form: dict[str, Any] = {"type": _DATA + name, "data": msgspec.to_builtins(data)}
            if identity is not None:
                form["id"] = identity
            return form | {"transient": True} if transient else form
        case tagged:
            return cast("dict[str, Any]", msgspec.to_builtins(tagged))


def read_chunk(form: dict[str, Any]) -> Chunk:
    """A chunk from its JSON form. What is not in the protocol is left out. Raises `msgspec.ValidationError`."""
    kind = form.get("type")
    if isinstance(kind, str) and kind.startswith(_DATA):
        return msgspec.convert({**form, "name": kind.removeprefix(_DATA)}, Data)
    return cast("Tagged", msgspec.convert(form, Tagged))


_DATA: Final = "data-"
