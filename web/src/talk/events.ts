// The events of an agent of Pydantic AI, which `Durable(stream=...)` writes.
import type { Fields, Json } from "../types.ts";
import { argumentsOf, isFields, words, type Part, type Talk } from "./parts.ts";

/** Reads one; says whether it is one. */
export function readEvent(talk: Talk, event: Fields): boolean {
  const { event_kind: kind, part } = event;
  if (typeof kind !== "string") return false;
  const index = Number(event.index);
  if (kind === "part_start" && isFields(part)) begin(talk, index, part);
  else if (kind === "part_delta" && isFields(event.delta)) more(talk.open.get(index), event.delta);
  else if (kind === "part_end" && isFields(part)) end(talk.open.get(index), part);
  else if (/tool_call$/.test(kind) && isFields(part)) end(talk.call(words(part.tool_call_id), words(part.tool_name)), part);
  else if (/tool_result$/.test(kind) && isFields(part)) result(talk, part);
  else if (kind === "deferred_tool_requests" && isFields(event.requests)) asked(talk, event.requests);
  else if (kind === "deferred_tool_results" && isFields(event.results)) answered(talk, event.results);
  return true;
}

function begin(talk: Talk, index: number, part: Fields): void {
  const kind = words(part.part_kind);
  talk.speaks("assistant");
  if (/tool-return$/.test(kind)) return result(talk, part);
  if (/tool-call$/.test(kind)) {
    const call = talk.call(words(part.tool_call_id), words(part.tool_name));
    call.coming = words(part.args);
    talk.open.set(index, call);
  } else if (kind === "text" || kind === "thinking") {
    talk.open.set(index, talk.add({ kind: kind === "text" ? "text" : "reasoning", id: "", text: words(part.content) }));
  } else talk.add({ kind: "note", id: "", name: kind, value: "", bad: false });
}

function more(part: Part | undefined, delta: Fields): void {
  if (part?.kind === "call") part.coming += words(delta.args_delta);
  else if (part?.kind === "text" || part?.kind === "reasoning") part.text += words(delta.content_delta);
}

function end(part: Part | undefined, whole: Fields): void {
  if (part?.kind === "call") part.input = argumentsOf(whole.args) ?? {};
  else if (part?.kind === "text" || part?.kind === "reasoning") part.text = words(whole.content);
}

function result(talk: Talk, part: Fields): void {
  const call = talk.call(words(part.tool_call_id), words(part.tool_name));
  if (part.outcome === "denied") Object.assign(call, { approval: "denied", reason: call.reason || words(part.content) });
  else if (part.part_kind === "retry-prompt" || part.outcome === "failed") call.error = words(part.content);
  else call.output = part.content ?? null;
}

function asked(talk: Talk, { approvals }: Fields): void {
  if (!Array.isArray(approvals)) return;
  for (const one of approvals) {
    if (!isFields(one)) continue;
    const call = talk.call(words(one.tool_call_id), words(one.tool_name));
    end(call, one);
    call.approval = "asked";
  }
}

function answered(talk: Talk, { approvals }: Fields): void {
  if (!isFields(approvals)) return;
  for (const [id, verdict] of Object.entries(approvals)) {
    Object.assign(talk.call(id), { approval: isYes(verdict) ? "approved" : "denied", reason: isFields(verdict) ? words(verdict.message) : "" });
  }
}

const isYes = (verdict: Json): boolean => verdict === true || (isFields(verdict) && verdict.kind === "tool-approved");
