// What the server tells: see the table of routes and data parts in ../../README.md.
import type { UIMessage } from "ai";

export type Kind = "code" | "talk";
export type Status = "idle" | "answering" | "waiting" | "sleeping" | "ended" | "failed";

export interface Model {
  model: string;
  label: string;
  scripted: boolean;
}

export interface Info {
  development: boolean;
  code: Model;
  talk: Model | null;
  talk_missing?: string | null;
  limits: Record<string, string>;
  sandbox_missing: string | null;
}

export interface ChatEntry {
  id: string;
  kind: Kind;
  title: string;
  status: Status;
  started: string;
  updated: string;
  sandbox: string | null;
  run: string;
}

export interface FileEntry {
  path: string;
  size: number;
}

export interface Files {
  files: FileEntry[];
  total: number;
  limit: number;
}

export interface Output {
  text: string;
  done: boolean;
  exit: number | null;
}

export interface Sleep {
  until: string;
  reason?: string | null;
  over: boolean;
}

/** The data parts of a message, by what follows `data-`. */
export type Data = {
  sandbox: { id: string };
  output: Output;
  files: { paths: string[] };
  preview: { url: string };
  sleep: Sleep;
};

export type Message = UIMessage<unknown, Data>;
export type Part = Message["parts"][number];

/** Which chat is open. */
export interface Place {
  kind: Kind;
  id: string;
}
