// The routes beside those of chats.
import { connection, patientFetch } from "./connection";
import type { ChatEntry, Files, Info, Kind, Message } from "./types";

export class Refused extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

export const info = () => get<Info>("/api/info");
export const chats = async () => (await get<{ chats: ChatEntry[] }>("/api/chats")).chats;
export const files = (sandbox: string) => get<Files>(`/api/sandboxes/${sandbox}/files`);
export const wake = (chat: string) => post(`/api/wake/${chat}`);
export const stop = (kind: Kind, chat: string) => post(`${base(kind)}/${chat}/stop`);

/** The server ends itself behind this, perhaps before it has answered. Done when it is gone, or about to be. */
export async function kill(): Promise<void> {
  await fetch("/api/development/kill", { method: "POST" }).catch(() => undefined);
  connection.broken();
}

export function base(kind: Kind): string {
  return `/api/${kind}`;
}

export async function history(kind: Kind, chat: string): Promise<Message[]> {
  const response = await patientFetch(`${base(kind)}/${chat}`);
  if (response.status === 404) return [];
  return (await read<{ messages: Message[] }>(response)).messages;
}

export async function file(sandbox: string, path: string): Promise<string> {
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  const response = await patientFetch(`/api/sandboxes/${sandbox}/files/${escaped}`);
  if (!response.ok) throw await refusal(response);
  return response.text();
}

async function get<T>(path: string): Promise<T> {
  return read<T>(await patientFetch(path));
}

async function post(path: string): Promise<void> {
  const response = await patientFetch(path, { method: "POST" });
  if (!response.ok) throw await refusal(response);
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

/** Problem documents say what was wrong; others have their status only. */
async function refusal(response: Response): Promise<Refused> {
  return new Refused(response.status, problem(await response.text()) ?? `The server has answered ${response.status}.`);
}

function sentence(text = ""): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/(?<![.!?])$/, ".");
}

export function problem(text: string): string | null {
  const start = text.indexOf("{");
  if (start < 0) return null;
  try {
    const found = JSON.parse(text.slice(start)) as { detail?: string; title?: string; hint?: string };
    return [found.detail ?? found.title, found.hint].filter(Boolean).map(sentence).join(" ") || null;
  } catch {
    return null;
  }
}
