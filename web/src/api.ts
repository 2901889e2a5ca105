// The JSON API, as any client would use it: answers, refusals, and feeds that come back when the connection breaks off.
import { signal } from "@preact/signals";
import { parsed } from "./exact.ts";
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
/** What the server says of it, where it answers at all: the database may be away. */
export const outage = signal("");
export const needsToken = signal(false);
/** Whether it has refused the token that it was given. */
export const tokenRefused = signal(false);
/** What whoever looks may do: the buttons that act are there for `operate` only. */
export const role = signal<"unknown" | "read" | "operate">("unknown");

export function giveToken(token: string): void {
  sessionStorage.setItem(KEPT, token);
  tokenRefused.value = needsToken.value = false;
  void learnRole();
}

export const hasToken = (): boolean => sessionStorage.getItem(KEPT) !== null;

export function forgetToken(): void {
  sessionStorage.removeItem(KEPT);
  role.value = "unknown";
  tokenRefused.value = false;
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
    else if (isAway(told(error))) setTimeout(learnRole, 2000);
    else if (!needsToken.value) role.value = "read"; // who is refused everything is told so by each page
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
  return parsed(await response.text());
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
    if (!signal?.aborted) lost("");
    throw error;
  }
  // Pages that pass requests on are another process: they tell the date of the server behind them.
  learnClock(response.headers.get("outlast-date") ?? response.headers.get("date"));
  if (response.ok) {
    connection.value = "online";
    return response;
  }
  const problem = { ...(await problemOf(response)), status: response.status };
  if (isAway(problem)) lost(problem.detail);
  else connection.value = "online";
  if (response.status === 401) {
    tokenRefused.value = token !== null;
    needsToken.value = true;
  }
  throw new Refusal(problem);
}

function lost(why: string): void {
  outage.value = why;
  connection.value = "offline";
}

/** Whether it may be better soon: the server, or the database behind it, does not answer. */
export const isAway = (problem: Problem): boolean => [0, 502, 503, 504].includes(problem.status);

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
 * came together are handed over together; with `places` also those that have an id and nothing else. Returns what stops it.
 */
export function follow(
  path: string, got: (messages: Message[]) => void, ended: (error?: Refusal) => void = () => {}, again?: () => void, places = false,
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
      const frames = (rest + value).split("\n\n");
      rest = frames.pop() ?? "";
      const messages = frames.map(message);
      last = messages.findLast((one) => one.id)?.id ?? last;
      const full = messages.filter((one) => one.data || (places && one.id));
      if (full.length) {
        connection.value = "online";
        got(full);
      }
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
        if (!(error instanceof Refusal)) lost("");
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
