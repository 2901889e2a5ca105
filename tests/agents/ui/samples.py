"""One chunk of each type."""

from typing import Any, Final

from outlast.agents import ui

SAMPLES: Final[dict[str, ui.Chunk]] = {
    "start": ui.Start(message_id="m", message_metadata={"at": 1}),
    "finish": ui.Finish(finish_reason="tool-calls", message_metadata={"tokens": 7}),
    "abort": ui.Abort(reason="stopped"),
    "error": ui.Error(error_text="no"),
    "message-metadata": ui.MessageMetadata(message_metadata={"model": "m"}),
    "start-step": ui.StartStep(),
    "finish-step": ui.FinishStep(),
    "reset-step": ui.ResetStep(),
    "text-start": ui.TextStart(id="1", provider_metadata={"openai": {"item": "i"}}),
    "text-delta": ui.TextDelta(id="1", delta="word"),
    "text-end": ui.TextEnd(id="1"),
    "reasoning-start": ui.ReasoningStart(id="2"),
    "reasoning-delta": ui.ReasoningDelta(id="2", delta="hm"),
    "reasoning-end": ui.ReasoningEnd(id="2"),
    "tool-input-start": ui.ToolInputStart(
        tool_call_id="c", tool_name="t", input_encoding="json", dynamic=True, title="T"
    ),
    "tool-input-delta": ui.ToolInputDelta(tool_call_id="c", input_text_delta="{"),
    "tool-input-available": ui.ToolInputAvailable(
        tool_call_id="c", tool_name="t", input=None, tool_metadata={"a": 1}
    ),
    "tool-input-error": ui.ToolInputError(
        tool_call_id="c", tool_name="t", input="{", error_text="no JSON", provider_executed=True
    ),
    "tool-approval-request": ui.ToolApprovalRequest(
        approval_id="a", tool_call_id="c", reason="why", is_automatic=False, signature="s"
    ),
    "tool-approval-response": ui.ToolApprovalResponse(approval_id="a", approved=False, reason="n"),
    "tool-output-available": ui.ToolOutputAvailable(
        tool_call_id="c", output=[1, {"a": None}], preliminary=True
    ),
    "tool-output-error": ui.ToolOutputError(tool_call_id="c", error_text="no"),
    "tool-output-denied": ui.ToolOutputDenied(tool_call_id="c"),
    "source-url": ui.SourceUrl(source_id="s", url="https://example.org", title="T"),
    "source-document": ui.SourceDocument(
        source_id="s", media_type="text/plain", title="T", filename="t.txt"
    ),
    "file": ui.File(url="data:,x", media_type="text/plain"),
    "reasoning-file": ui.ReasoningFile(url="data:,x", media_type="text/plain"),
    "custom": ui.Custom(kind="openai.compaction"),
    "data-weather": ui.Data(name="weather", id="w", data={"city": "Graz"}, transient=True),
}


def forms() -> list[dict[str, Any]]:
    """As they go out."""
    return [ui.wire(one) for one in SAMPLES.values()]
