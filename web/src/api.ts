// The JSON API, as any client would use it: answers, refusals, and feeds that come back when the connection breaks off.
import { signal } from "@preact/signals";
import type { Fields } from "./types.ts";
import { learnClock } from "./time.ts";

const BASE = new URL("api/v1/", document.baseURI).href;
const KEPT = "outlast-token";

export interface Problem {
  status: number;
  title: string;
  detail: string;
  hint?: string;
  slug?: string;
  problems?: string[];
  errors?: { loc: (string | number)[]; msg: string }[];
}

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Whether the server answers; and whether it wants a token. */
export const connection = signal<"online" | "offline">("online");
export const needsToken = signal(false);
/** What whoever looks may do: the buttons that act are there for `operate` only. */
export const role = signal<"unknown" | "read" | "operate">("unknown");

export function giveToken(token: string): void {
  sessionStorage.setItem(KEPT, token);
  needsToken.value = false;
  void learnRole();
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask("GET", path, undefined, signal)) as T;
}

export async function post<T>(path: string, body?: unknown): Promise<T> {
  return (await ask("POST", path, body)) as T;
}

export async function learnRole(): Promise<void> {
  try {
    role.value = (await get<{ role: "read" | "operate" }>("me")).role;
  } catch (error) {
    if (error instanceof Refusal && error.problem.status === 404) await learnRoleFromHooks();
    else if (!needsToken.value) setTimeout(learnRole, 2000);
  }
}

/** An older server does not say; but hooks are shown to those only who may operate. */
async function learnRoleFromHooks(): Promise<void> {
  try {
    await get("hooks?limit=1");
    role.value = "operate";
  } catch {
    role.value = "read";
  }
}

export const query = (fields: { [name: string]: string | number | readonly string[] | undefined }): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== "") params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text ? `?${text}` : "";
};

async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
  const response = await request(method, path, body, signal);
  return await response.json();
}

/** Where a stream's bytes are, for a download. */
export async function bytes(path: string): Promise<Blob> {
  return await (await request("GET", path)).blob();
}

async function request(
  method: string, path: string, body?: unknown, signal?: AbortSignal, more: Record<string, string> = {},
): Promise<Response> {
  const token = sessionStorage.getItem(KEPT);
  const headers: Record<string, string> = { Accept: "application/json", ...more };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (method === "POST") headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method, headers, signal: signal ?? null, cache: "no-store", body: method === "POST" ? JSON.stringify(body ?? {}) : null,
    });
  } catch (error) {
    if (!signal?.aborted) connection.value = "offline";
    throw error;
  }
  learnClock(response.headers.get("date"));
  connection.value = response.status === 502 || response.status === 503 ? "offline" : "online";
  if (response.status === 401) needsToken.value = true;
  if (!response.ok) throw new Refusal(await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { status: response.status, title: response.statusText, detail: `the server answered ${response.status}` };
  }
}

export interface Message {
  id: string;
  name: string;
  data: string;
}

/**
 * Follows a feed of server-sent events until the event `end`, also across connections that break off. All messages that
 * came together are handed over together. Returns what stops it.
 */
export function follow(
  path: string, got: (messages: Message[]) => void, ended: (error?: Refusal) => void = () => {}, again?: () => void,
): () => void {
  const stop = new AbortController();
  let last = "";
  let failures = 0;
  const read = async (): Promise<boolean> => {
    const more = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
    const response = await request("GET", path, undefined, stop.signal, more);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return false;
      failures = 0;
      connection.value = "online";
      const frames = (rest + value).split("\n\n");
      rest = frames.pop() ?? "";
      const messages = frames.map(message);
      last = messages.findLast((one) => one.id)?.id ?? last;
      const full = messages.filter((one) => one.data);
      if (full.length) got(full);
      if (full.some((one) => one.name === "end")) return true;
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        if (await read()) return ended();
      } catch (error) {
        if (error instanceof Refusal && error.problem.status < 500) return ended(error);
        if (stop.signal.aborted) return;
        connection.value = "offline";
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** failures++, 8000)));
      if (!last) again?.();
    }
  };
  void run();
  return () => stop.abort();
}

function message(frame: string): Message {
  const found: Message = { id: "", name: "", data: "" };
  for (const line of frame.split("\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    const field = line.slice(0, colon);
    if (field === "id") found.id = value;
    else if (field === "event") found.name = value;
    else if (field === "data") found.data = value;
  }
  return found;
}

export const told = (error: unknown): Problem =>
  error instanceof Refusal
    ? error.problem
    : { status: 0, title: "No answer", detail: "the server does not answer", hint: "It is asked again by itself." };

export type { Fields };
