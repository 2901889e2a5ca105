// What a hook asks for, in a few words.
import type { HookInfo, Json } from "../types.ts";

/** Beyond this, a text is cut. */
const LONGEST = 90;

/** An approval of a tool, or the title of its schema, or the name that the workflow gave it. */
export function titleOf(hook: HookInfo): string {
  const { kind, tool, name } = hook.metadata;
  if (kind === "approval") return typeof tool === "string" ? `an approval to call ${tool}` : "an approval";
  if (kind === "input") return typeof name === "string" ? `an answer: ${name}` : "an answer";
  return typeof hook.schema?.title === "string" ? hook.schema.title : hook.kind;
}

/** `order: A-1047, amount: 149.70`; of an approval, the arguments of the call. */
export function argumentsText(metadata: HookInfo["metadata"]): string {
  const { args, kind } = metadata;
  const told = kind === "approval" && typeof args === "object" && args !== null && !Array.isArray(args) ? args : kind === "approval" || kind === "input" ? {} : metadata;
  const text = Object.entries(told).map(([key, value]) => `${key}: ${plain(value)}`).join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const plain = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value) ?? "").slice(0, LONGEST);
