"""Chunks as records and on the wire, and what becomes of an agent's events."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
import pytest
from pydantic_ai.messages import (
    AgentStreamEvent,
    BinaryContent,
    CustomEvent,
    FilePart,
    FunctionToolResultEvent,
    NativeToolCallPart,
    NativeToolReturnPart,
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

from outlast.agents import ui
from outlast.agents.ui.assembling import assemble
from outlast.agents.ui.chunks import Tagged
from outlast.errors import NotAllowedHereError
from tests.agents.ui.samples import SAMPLES


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_chunk_there_and_back(kind: str) -> None:
    chunk = SAMPLES[kind]
    form = ui.wire(chunk)
    assert form["type"] == kind
    assert not any("_" in name for name in form)
    assert ui.read_chunk(msgspec.json.decode(msgspec.json.encode(form))) == chunk


def test_there_is_a_sample_of_each_type() -> None:
    assert {type(one) for one in SAMPLES.values()} == {*get_args(Tagged), ui.Data}


def test_what_is_not_said_is_not_sent() -> None:
    assert ui.wire(ui.Finish()) == {"type": "finish"}
    assert ui.wire(ui.ToolOutputAvailable(tool_call_id="c", output=None)) == {
        "type": "tool-output-available",
        "toolCallId": "c",
        "output": None,
    }


def test_what_is_no_chunk() -> None:
    for form in ({"type": "text"}, {"type": "text-delta", "id": "1"}, {}, {"type": "data-x"}):
        with pytest.raises(msgspec.ValidationError):
            ui.read_chunk(form)


def chunks(*events: AgentStreamEvent) -> list[dict[str, Any]]:
    async def stream() -> AsyncIterator[AgentStreamEvent]:
        for event in events:
            yield event

    async def all_of() -> list[dict[str, Any]]:
        return [ui.wire(one) async for one in ui.model_chunks(stream(), 3)]

    return asyncio.run(all_of())


def forms(found: Iterable[ui.Chunk]) -> list[dict[str, Any]]:
    return [ui.wire(one) for one in found]


def test_texts_and_thoughts() -> None:
    assert chunks(
        PartStartEvent(index=0, part=ThinkingPart("")),
        PartDeltaEvent(index=0, delta=ThinkingPartDelta(content_delta="hm")),
        PartEndEvent(index=0, part=ThinkingPart("hm")),
        PartStartEvent(index=1, part=TextPart("A")),
        PartDeltaEvent(index=1, delta=TextPartDelta(content_delta=" b")),
        PartDeltaEvent(index=1, delta=TextPartDelta(content_delta="")),
        PartEndEvent(index=1, part=TextPart("A b")),
    ) == [
        {"type": "reasoning-start", "id": "3.0"},
        {"type": "reasoning-delta", "id": "3.0", "delta": "hm"},
        {"type": "reasoning-end", "id": "3.0"},
        {"type": "text-start", "id": "3.1"},
        {"type": "text-delta", "id": "3.1", "delta": "A"},
        {"type": "text-delta", "id": "3.1", "delta": " b"},
        {"type": "text-end", "id": "3.1"},
    ]


def test_a_call_whose_arguments_come_in_pieces() -> None:
    whole = ToolCallPart("look", '{"at": 1}', tool_call_id="c")
    assert chunks(
        PartStartEvent(index=0, part=ToolCallPart("look", '{"at"', tool_call_id="c")),
        PartDeltaEvent(index=0, delta=ToolCallPartDelta(args_delta=": 1}")),
        PartEndEvent(index=0, part=whole),
    ) == [
        {"type": "tool-input-start", "toolCallId": "c", "toolName": "look"},
        {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": '{"at"'},
        {"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": ": 1}"},
        {"type": "tool-input-available", "toolCallId": "c", "toolName": "look", "input": {"at": 1}},
    ]


@pytest.mark.parametrize("args", ['{"at": ', "[1]"])
def test_arguments_that_are_no_object(args: str) -> None:
    (told,) = chunks(PartEndEvent(index=0, part=ToolCallPart("look", args, tool_call_id="c")))
    assert (told["type"], told["input"]) == ("tool-input-error", args)


def test_what_the_provider_executes_and_makes() -> None:
    call = NativeToolCallPart("web_search", {"query": "x"}, tool_call_id="c")
    file = FilePart(BinaryContent(b"x", media_type="image/png"))
    told = chunks(
        PartStartEvent(index=0, part=call),
        PartEndEvent(index=0, part=call),
        PartStartEvent(index=1, part=NativeToolReturnPart("web_search", [1], tool_call_id="c")),
        PartStartEvent(index=2, part=file),
    )
    assert [one["type"] for one in told] == [
        "tool-input-start",
        "tool-input-delta",
        "tool-input-available",
        "tool-output-available",
        "file",
    ]
    assert all(one["providerExecuted"] for one in told if "toolName" in one or "output" in one)
    assert told[-1]["url"] == "data:image/png;base64,eA=="


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("success", "tool-output-available"),
        ("interrupted", "tool-output-available"),
        ("failed", "tool-output-error"),
        ("retried", "tool-output-error"),
        ("denied", "tool-output-denied"),
    ],
)
def test_results(outcome: Any, kind: str) -> None:
    part = ToolReturnPart("look", {"at": {1}}, tool_call_id="c", outcome=outcome)
    (told,) = forms(ui.event_chunks(FunctionToolResultEvent(part), "m"))
    assert (told["type"], told["toolCallId"]) == (kind, "c")


@dataclass(kw_only=True)
class Progress(CustomEvent, name="chat_tests_progress"):
    done: int


def test_events_of_the_application_are_data() -> None:
    (told,) = forms(ui.event_chunks(Progress(done=1), "m"))
    assert told == {"type": "data-chat_tests_progress", "data": {"done": 1}}


def test_a_step_is_needed_to_write() -> None:
    with pytest.raises(NotAllowedHereError, match="outside of a step"):
        ui.message("m")


def test_the_parts_of_a_message() -> None:
    def data(count: int, **more: Any) -> ui.Data:
        return ui.Data(name="d", id="1", data=count, **more)

    told, metadata = assemble(
        ui.wire(one)
        for one in (
            ui.Start(message_id="m", message_metadata={"a": {"x": 1}}),
            ui.StartStep(),
            ui.TextStart(id="1"),
            ui.TextDelta(id="1", delta="lost"),
            ui.ToolInputStart(tool_call_id="c", tool_name="t"),
            ui.ResetStep(),
            ui.ReasoningStart(id="1"),
            ui.ReasoningDelta(id="1", delta="hm"),
            ui.ReasoningEnd(id="1"),
            ui.ToolInputStart(tool_call_id="c", tool_name="t", dynamic=True),
            ui.ToolInputDelta(tool_call_id="c", input_text_delta="{}"),
            ui.ToolInputAvailable(tool_call_id="c", tool_name="t", input={}, dynamic=True),
            ui.FinishStep(),
            data(1),
            ui.StartStep(),
            ui.ToolOutputError(tool_call_id="c", error_text="no"),
            data(2),
            data(3, transient=True),
            ui.SourceUrl(source_id="s", url="https://example.org"),
            ui.TextStart(id="2"),
            ui.TextDelta(id="2", delta="still "),
            ui.MessageMetadata(message_metadata={"a": {"y": 2}, "b": 3}),
        )
    )
    assert told == [
        {"type": "step-start"},
        {"type": "reasoning", "text": "hm", "state": "done"},
        {
            "type": "dynamic-tool",
            "toolName": "t",
            "toolCallId": "c",
            "state": "output-error",
            "input": {},
            "errorText": "no",
        },
        {"type": "data-d", "id": "1", "data": 2},
        {"type": "step-start"},
        {"type": "source-url", "sourceId": "s", "url": "https://example.org"},
        {"type": "text", "text": "still ", "state": "streaming"},
    ]
    assert metadata == {"a": {"x": 1, "y": 2}, "b": 3}
