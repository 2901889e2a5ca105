// What the chunks of an agent's message say, as parts to show. Pure.
import type { Fields, Json } from "../types.ts";

export type Part =
  | { kind: "text" | "reasoning"; id: string; text: string }
  | { kind: "call"; id: string; name: string; input: Json | undefined; output: Json | undefined; error: string; approval: string }
  | { kind: "message"; id: string; role: string };

/** The parts; `null` if these are no chunks of messages. */
export function conversation(chunks: readonly Json[]): Part[] | null {
  const parts: Part[] = [];
  let known = 0;
  for (const chunk of chunks) {
    if (typeof chunk !== "object" || chunk === null || Array.isArray(chunk) || typeof chunk.type !== "string") continue;
    if (read(parts, chunk)) known++;
  }
  return known ? parts : null;
}

function read(parts: Part[], chunk: Fields): boolean {
  const id = String(chunk.id ?? chunk.toolCallId ?? chunk.messageId ?? "");
  const kind = String(chunk.type);
  switch (kind) {
    case "start":
      parts.push({ kind: "message", id, role: "assistant" });
      return true;
    case "text-start": case "reasoning-start":
      parts.push({ kind: kind === "text-start" ? "text" : "reasoning", id, text: "" });
      return true;
    case "text-delta": case "reasoning-delta": {
      const part = parts.findLast((one) => one.id === id && one.kind === kind.slice(0, -6));
      if (part && "text" in part) part.text += String(chunk.delta ?? "");
      return true;
    }
    case "tool-input-start": case "tool-input-available": case "tool-input-error": case "tool-output-available":
    case "tool-output-error": case "tool-output-denied": case "tool-approval-request":
      call(parts, id, kind, chunk);
      return true;
    case "reset-step":
      return true;
    default:
      return ["start-step", "finish-step", "finish", "text-end", "reasoning-end", "abort", "error"].includes(kind);
  }
}

function call(parts: Part[], id: string, kind: string, chunk: Fields): void {
  let part = parts.findLast((one) => one.kind === "call" && one.id === id);
  if (part?.kind !== "call") {
    part = { kind: "call", id, name: String(chunk.toolName ?? "tool"), input: undefined, output: undefined, error: "", approval: "" };
    parts.push(part);
  }
  if (chunk.toolName !== undefined) part.name = String(chunk.toolName);
  if (chunk.input !== undefined) part.input = chunk.input;
  if (chunk.output !== undefined) part.output = chunk.output;
  if (chunk.errorText !== undefined) part.error = String(chunk.errorText);
  if (kind === "tool-output-denied") part.approval = "denied";
  if (kind === "tool-approval-request") part.approval = "waits for an approval";
}
