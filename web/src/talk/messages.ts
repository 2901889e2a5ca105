// Whole messages, as loops of one's own write them: `{"role": "user", "content": "..."}`, or with `parts`.
import type { Fields, Json } from "../types.ts";
import { argumentsOf, isFields, words, type Talk } from "./parts.ts";

/** Reads one; says whether it is one. */
export function readMessage(talk: Talk, message: Fields): boolean {
  const { role, content, parts, tool_calls: calls } = message;
  if (typeof role !== "string" || (content === undefined && parts === undefined && calls === undefined)) return false;
  if (role === "tool" && typeof message.tool_call_id === "string") {
    talk.call(message.tool_call_id).output = content ?? null;
    return true;
  }
  talk.speaks(role);
  said(talk, content ?? parts);
  for (const one of Array.isArray(calls) ? calls : []) {
    if (!isFields(one)) continue;
    const asked = isFields(one.function) ? one.function : one;
    talk.call(words(one.id), words(asked.name)).input = argumentsOf(asked.arguments) ?? {};
  }
  return true;
}

function said(talk: Talk, content: Json | undefined): void {
  if (typeof content === "string") talk.add({ kind: "text", id: "", text: content });
  else if (Array.isArray(content)) {
    for (const one of content) {
      if (isFields(one) && typeof one.text === "string") talk.add({ kind: "text", id: "", text: one.text });
      else talk.add({ kind: "note", id: "", name: isFields(one) ? words(one.type) : "part", value: one, bad: false });
    }
  }
}
