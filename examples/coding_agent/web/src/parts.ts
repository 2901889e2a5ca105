import type { DynamicToolUIPart, ToolUIPart } from "ai";
import { createContext } from "react";

/** A call of a tool. */
export type Call = ToolUIPart | DynamicToolUIPart;

/** What parts of messages can do. */
export interface Actions {
  chat: string;
  /** Whether the answer is still being made: what is not finished in it goes on. */
  isLive: boolean;
  onAnswer: (id: string, approved: boolean, reason?: string) => void;
  onFile: (path: string) => void;
  onPreview: () => void;
}

export const Context = createContext<Actions>({
  chat: "",
  isLive: false,
  onAnswer: () => undefined,
  onFile: () => undefined,
  onPreview: () => undefined,
});

/** A value of which only its form is known. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The command of a call, as one would type it. */
export function commandOf(input: unknown): string {
  const command = field(input, "command");
  return typeof command === "string" ? command : "";
}

/** The paths of a call that writes files, of which perhaps not all have come yet. */
export function pathsOf(input: unknown): string[] {
  const files = field(input, "files");
  return typeof files === "object" && files !== null ? Object.keys(files) : [];
}

export function shownValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
