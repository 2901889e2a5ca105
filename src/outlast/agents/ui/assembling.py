"""What clients make of the chunks of a message: its parts. For pages that are loaded, which show what was said before."""

from collections.abc import Iterable
from typing import Any, Final, cast

Form = dict[str, Any]


def assemble(chunks: Iterable[Form]) -> tuple[list[Form], Any]:
    """The parts of a message, in the form in which clients keep them, and its metadata."""
    found = _Parts()
    for chunk in chunks:
        found.add(chunk)
    for part in found.parts:
        part.pop(_ID, None)
    return found.parts, found.metadata


class _Parts:
    """The parts of a message as it grows."""

    def __init__(self) -> None:
        self.parts: list[Form] = []
        self.metadata: Any = None

    def add(self, chunk: Form) -> None:
        kind: str = chunk["type"]
        if "messageMetadata" in chunk:
            self.metadata = _merged(self.metadata, chunk["messageMetadata"])
        if kind == "start-step":
            self.parts.append({"type": "step-start"})
        elif kind == "reset-step":
            while self.parts and self.parts[-1]["type"] != "step-start":
                self.parts.pop()
        elif kind.startswith(("text-", "reasoning-")) and kind != "reasoning-file":
            self._add_text(chunk)
        elif kind.startswith("tool-"):
            self._add_call(chunk)
        elif kind.startswith("data-"):
            self._add_data(chunk)
        elif kind in _WHOLE:
            self.parts.append(chunk)

    def _add_text(self, chunk: Form) -> None:
        kind, _, what = str(chunk["type"]).partition("-")
        if what == "start":
            part = {"type": kind, "text": "", "state": "streaming", _ID: chunk["id"]}
            self.parts.append(part)
            return
        part = self._last(_ID, chunk["id"])
        if what == "delta":
            part["text"] += chunk["delta"]
        else:
            part["state"] = "done"
            del part[_ID]

    def _add_call(self, chunk: Form) -> None:
        match chunk:
            case {"type": "tool-approval-response", "approvalId": identity}:
                part = next(p for p in self.parts if p.get("approval", {}).get("id") == identity)
                part["state"] = "approval-responded"
                verdict = {key: chunk[key] for key in ("approved", "reason") if key in chunk}
                part["approval"] = {**part["approval"], **verdict}
            case {"type": "tool-input-delta"}:
                pass  # the whole input follows; one that does not is shown without it
            case {"toolCallId": call, "toolName": name}:
                self._call(call, name, dynamic=bool(chunk.get("dynamic"))).update(_state(chunk))
            case {"toolCallId": call}:
                self._last("toolCallId", call).update(_state(chunk))
            case _:
                pass

    def _call(self, call: str, name: str, *, dynamic: bool) -> Form:
        for part in reversed(self.parts):
            if part["type"] == "step-start":
                break
            if part.get("toolCallId") == call:
                return part
        made: Form = (
            {"type": "dynamic-tool", "toolName": name} if dynamic else {"type": f"tool-{name}"}
        )
        self.parts.append(made | {"toolCallId": call})
        return self.parts[-1]

    def _add_data(self, chunk: Form) -> None:
        if chunk.get("transient"):
            return
        for part in self.parts:
            if "id" in chunk and (part["type"], part.get("id")) == (chunk["type"], chunk["id"]):
                part["data"] = chunk["data"]
                return
        self.parts.append(chunk)

    def _last(self, key: str, value: str) -> Form:
        return next(part for part in reversed(self.parts) if part.get(key) == value)


_ID: Final = "\0id"
"""Of a text that has not ended."""
_WHOLE: Final = frozenset({"source-url", "source-document", "file", "reasoning-file", "custom"})
_STATES: Final = {
    "tool-input-start": "input-streaming",
    "tool-input-available": "input-available",
    "tool-input-error": "output-error",
    "tool-approval-request": "approval-requested",
    "tool-output-available": "output-available",
    "tool-output-error": "output-error",
    "tool-output-denied": "output-denied",
}
"""In which state a call is behind a chunk."""


def _state(chunk: Form) -> Form:
    """What a chunk says of a call."""
    told: Form = {key: chunk[key] for key in ("input", "output", "errorText") if key in chunk}
    if "approvalId" in chunk:
        told["approval"] = {"id": chunk["approvalId"]}
    return {"state": _STATES[chunk["type"]], **told}


def _merged(old: object, new: object) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        known, told = cast("Form", old), cast("Form", new)
        return {**known, **{key: _merged(known.get(key), value) for key, value in told.items()}}
    return cast("Any", old if new is None else new)
