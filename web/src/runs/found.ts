// The runs that a page of the table has: what is asked for, and what becomes of it.
import { useLayoutEffect, useState } from "preact/hooks";
import { follow, get, isAway, query, told, type Problem } from "../api.ts";
import { parsed } from "../exact.ts";
import { change, returned } from "../router.ts";
import { serverNow, time } from "../time.ts";
import type { RunInfo } from "../types.ts";

export const LIMIT = 50;
export const WINDOWS: readonly [string, number][] = [["1h", 3_600_000], ["24h", 86_400_000], ["7d", 604_800_000]];
const AGAIN = 2000;

export interface Found {
  /** What was asked for when these were found, and from where on. */
  path: string;
  cursor: string;
  runs: RunInfo[] | undefined;
  problem: Problem | undefined;
  /** Where the next page begins; `null` on the last one, `undefined` where nobody has asked yet. */
  next?: string | null;
}

interface Page {
  runs: RunInfo[];
  cursor: string | null;
}

/** The parameters of the API, from those of the address. */
export function filters(params: URLSearchParams): string {
  return query({
    status: params.getAll("status"), workflow: params.getAll("workflow"), attribute: params.getAll("attribute"),
    version: params.getAll("version"), text: params.get("text") ?? undefined, sort: params.get("sort") ?? undefined,
    ...windowOf(params), parent: params.get("parent") ?? undefined,
  });
}

/** Whether something beside the order is asked for. */
export const isFiltered = (params: URLSearchParams): boolean =>
  [...params].some(([name, value]) => value && name !== "sort" && name !== "cursor");

/** The stretch of time in the address, as the API takes it. */
export function windowOf(params: URLSearchParams): { created_from?: string; created_to?: string } {
  const within = WINDOWS.find(([name]) => name === params.get("within"));
  const from = within ? fromOf(within[1]) : params.get("from");
  const to = within ? null : params.get("to");
  return { ...(from && { created_from: from }), ...(to && { created_to: to }) };
}

/** In whole minutes, so that the same page has the same address for a while. */
const fromOf = (length: number): string => new Date(Math.floor((serverNow() - length) / 60_000) * 60_000).toISOString();

const page = (path: string, cursor: string, stop?: AbortSignal): Promise<Page> =>
  get<Page>(`runs${path}${path ? "&" : "?"}limit=${LIMIT}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, stop);

/** Goes on to older runs. False: there are none. */
export async function older(found: Found): Promise<boolean> {
  const next = found.next === undefined ? (await page(found.path, found.cursor)).cursor : found.next;
  if (next) change({ cursor: next });
  return Boolean(next);
}

/** Whether there is another page behind this one. */
export const goesOn = async (found: Found, stop: AbortSignal): Promise<boolean> => (await page(found.path, found.cursor, stop)).cursor !== null;

/** What was found last: who goes back to it from a run sees it at once, and so at the same height. */
let last: Found | undefined;

/** The first page as it changes; another one as it was when it was asked for. */
export function useRuns(path: string, cursor: string): Found {
  const [found, setFound] = useState<Found>(() => (returned && last?.path === path && last.cursor === cursor ? last : { path, cursor, runs: undefined, problem: undefined }));
  const learn = (now: Found) => setFound((last = now));
  // Not after it is drawn: the question goes off first.
  useLayoutEffect(() => (cursor ? askOnce(path, cursor, learn) : watch(path, learn)), [path, cursor]);
  return found;
}

function askOnce(path: string, cursor: string, set: (found: Found) => void): () => void {
  const stop = new AbortController();
  const ask = async () => {
    try {
      const { runs, cursor: next } = await page(path, cursor, stop.signal);
      if (!stop.signal.aborted) set({ path, cursor, runs, problem: undefined, next });
    } catch (error) {
      if (stop.signal.aborted) return;
      const problem = told(error);
      set({ path, cursor, runs: undefined, problem });
      if (isAway(problem)) setTimeout(() => !stop.signal.aborted && void ask(), AGAIN);
    }
  };
  void ask();
  return () => stop.abort();
}

/**
 * A feed tells the whole page, by messages without a place, then the place, then what changes. The whole page comes
 * anew where the server does not remember what this reader has missed: then what it does not tell is there no more.
 */
function watch(path: string, set: (found: Found) => void): () => void {
  let known = new Map<string, RunInfo>();
  let whole: Map<string, RunInfo> | undefined;
  const sort = new URLSearchParams(path).get("sort") ?? "";
  const stop = follow(`feed${path}${path ? "&" : "?"}limit=${LIMIT}`, (messages) => {
    for (const { id, name, data } of messages) {
      if (!data) {
        known = whole ?? new Map();
        whole = undefined;
      } else if (name === "gone") known.delete((JSON.parse(data) as { id: string }).id);
      else if (name === "run") {
        const run = parsed<RunInfo>(data);
        (id ? known : (whole ??= new Map())).set(run.id, run);
      }
    }
    if (!whole) set({ path, cursor: "", runs: inOrder([...known.values()], sort).slice(0, LIMIT), problem: undefined });
  }, (error) => error && set({ path, cursor: "", runs: undefined, problem: told(error) }), undefined, true);
  return stop;
}

/** As the server sorts them. */
function inOrder(runs: RunInfo[], sort: string): RunInfo[] {
  const at = (run: RunInfo) => time((sort.endsWith("ended") ? run.ended_at : null) ?? run.created_at);
  const by = sort && !sort.startsWith("-") ? 1 : -1;
  return runs.sort((a, b) => by * (at(a) - at(b) || (a.id < b.id ? -1 : 1)));
}
