// What is shown of a conversation: parts in their order. Readers of each form of chunk add to them.
import { parsed } from "../exact.ts";
import type { Fields, Json } from "../types.ts";

export interface Text {
  kind: "text" | "reasoning";
  id: string;
  text: string;
}

export interface Call {
  kind: "call";
  id: string;
  name: string;
  /** The arguments as far as they have come, while they come. */
  coming: string;
  input: Json | undefined;
  output: Json | undefined;
  error: string;
  approval: "" | "asked" | "approved" | "denied";
  /** The id of the request to approve it, where that has one of its own. */
  request: string;
  reason: string;
}

export interface Role {
  kind: "role";
  role: string;
}

/** Data of the application, a source, an error, that it was stopped. */
export interface Note {
  kind: "note";
  id: string;
  name: string;
  value: Json;
  bad: boolean;
}

export type Part = Text | Call | Role | Note;

/** What has been read so far. */
export class Talk {
  readonly parts: Part[] = [];
  /** How many parts there were when the model was asked last: what is done again begins there. */
  begun = 0;
  /** The parts of the answer that is coming, by their index. */
  readonly open = new Map<number, Part>();

  add<P extends Part>(part: P): P {
    this.parts.push(part);
    return part;
  }

  /** Who speaks from here on; said once. */
  speaks(role: string): void {
    const last = this.parts.findLast((one) => one.kind === "role");
    if (last?.kind !== "role" || last.role !== role) this.add({ kind: "role", role });
  }

  text(kind: Text["kind"], id: string): Text | undefined {
    return this.parts.findLast((one): one is Text => one.kind === kind && one.id === id);
  }

  /** The call of this id, which is made where there is none. */
  call(id: string, name?: string): Call {
    const found = this.parts.findLast((one): one is Call => one.kind === "call" && one.id === id) ?? this.add({
      kind: "call", id, name: "tool", coming: "", input: undefined, output: undefined, error: "", approval: "", request: "", reason: "",
    });
    if (name) found.name = name;
    return found;
  }

  /** What came since the model was asked last does not count. */
  again(): void {
    this.parts.length = Math.min(this.parts.length, this.begun);
  }
}

export const isFields = (value: Json | undefined): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

export const words = (value: Json | undefined): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));

/** Arguments, which models give as JSON in a text. */
export function argumentsOf(value: Json | undefined): Json | undefined {
  if (typeof value !== "string") return value ?? undefined;
  try {
    return parsed(value);
  } catch {
    return value;
  }
}
