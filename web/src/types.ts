// What the JSON API tells, as outlast.records has it.
export type Status = "pending" | "running" | "suspended" | "blocked" | "completed" | "failed" | "cancelled";
export type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json };
export type Fields = { [name: string]: Json };

export interface Waiting {
  kind: "wait" | "step" | "child" | "hook";
  id: string;
  until: string | null;
  on: string | null;
  line: string | null;
  since: string | null;
  queue: string | null;
}

export interface RunInfo {
  id: string;
  workflow: string;
  status: Status;
  version: string;
  queue: string;
  priority: number;
  attributes: { [name: string]: string | number | bigint | boolean | null };
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  due_at: string | null;
  worker: string | null;
  parent: string | null;
  events: number;
  waiting: Waiting[];
  problem: string | null;
}

export interface EventRecord {
  position: number;
  at: string;
  kind: string;
  data: Fields;
}

export interface HookInfo {
  token: string;
  run_id: string;
  id: string;
  kind: string;
  schema: Fields | null;
  metadata: Fields;
  created_at: string;
  expires_at: string | null;
  url: string | null;
}

export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  version: string;
  queues: string[];
  started_at: string;
  heartbeat_at: string;
  live_runs: number;
  attempts: number;
}

export interface WorkflowEntry {
  name: string;
  signature: string;
  doc: string;
  input: Fields | null;
  versions: string[];
  queues: string[];
  startable?: boolean;
}

export interface StreamInfo {
  name: string;
  tail: number;
  closed: boolean;
  bytes: number;
}

export const STATUSES: readonly Status[] = [
  "pending", "running", "suspended", "blocked", "completed", "failed", "cancelled",
];

/** So many of the things that a run waits for are on its row: the first ones. */
const MOST_WAITING = 20;

export const mayWaitForMore = (run: RunInfo): boolean => run.waiting.length >= MOST_WAITING;

export const isOver = (status: Status): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";
