// The chunks of UI messages, which `outlast.agents.ui` writes.
import type { Fields } from "../types.ts";
import { words, type Talk } from "./parts.ts";

const SILENT = new Set(["finish-step", "finish", "text-end", "reasoning-end", "message-metadata"]);

/** Reads one; says whether it is one. */
export function readChunk(talk: Talk, chunk: Fields): boolean {
  const id = words(chunk.id);
  switch (chunk.type) {
    case "start":
      talk.speaks("assistant");
      return true;
    case "start-step":
      talk.speaks("assistant");
      talk.begun = talk.parts.length;
      return true;
    case "reset-step":
      talk.again();
      return true;
    case "text-start": case "reasoning-start":
      talk.add({ kind: chunk.type === "text-start" ? "text" : "reasoning", id, text: "" });
      return true;
    case "text-delta": case "reasoning-delta": {
      const kind = chunk.type === "text-delta" ? "text" : "reasoning";
      (talk.text(kind, id) ?? talk.add({ kind, id, text: "" })).text += words(chunk.delta);
      return true;
    }
    case "error": case "abort":
      talk.add({ kind: "note", id, name: chunk.type === "error" ? "failed" : "stopped", value: words(chunk.errorText ?? chunk.reason), bad: chunk.type === "error" });
      return true;
    case "source-url": case "source-document": case "file": case "reasoning-file": case "custom":
      talk.add({ kind: "note", id, name: chunk.type, value: words(chunk.title ?? chunk.filename ?? chunk.url ?? chunk.kind).slice(0, 500), bad: false });
      return true;
    default:
      return readCall(talk, chunk) || readData(talk, chunk, id) || SILENT.has(words(chunk.type));
  }
}

function readCall(talk: Talk, chunk: Fields): boolean {
  const type = words(chunk.type);
  if (type === "tool-approval-response") {
    const call = talk.parts.findLast((one) => one.kind === "call" && one.request === chunk.approvalId);
    if (call?.kind === "call") Object.assign(call, { approval: chunk.approved === true ? "approved" : "denied", reason: words(chunk.reason) });
    return true;
  }
  if (!/^tool-(input|output|approval)-/.test(type) || typeof chunk.toolCallId !== "string") return false;
  const call = talk.call(chunk.toolCallId, words(chunk.toolName));
  if (chunk.inputTextDelta !== undefined) call.coming += words(chunk.inputTextDelta);
  if (chunk.input !== undefined) call.input = chunk.input;
  if (chunk.output !== undefined) call.output = chunk.output;
  if (chunk.errorText !== undefined) call.error = words(chunk.errorText);
  if (type === "tool-output-denied") call.approval = "denied";
  if (type === "tool-approval-request") Object.assign(call, { approval: "asked", request: words(chunk.approvalId) });
  return true;
}

function readData(talk: Talk, chunk: Fields, id: string): boolean {
  const type = words(chunk.type);
  if (!type.startsWith("data-")) return false;
  if (chunk.transient === true) return true;
  const value = chunk.data ?? null;
  const known = id ? talk.parts.findLast((one) => one.kind === "note" && one.id === id && one.name === type) : undefined;
  if (known?.kind === "note") known.value = value;
  else talk.add({ kind: "note", id, name: type, value, bad: false });
  return true;
}
