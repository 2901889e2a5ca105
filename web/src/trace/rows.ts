// From entries to the rows of the trace: branches nest as the code nests, attempts lie under their step.
import { isOver, type Fields, type RunInfo } from "../types.ts";
import { time } from "../time.ts";
import { askedAt, isOpen, type Attempt, type Entry, type Log, type State } from "./model.ts";

export interface Row {
  key: string;
  entry: Entry;
  /** The row is that of one attempt of the entry. */
  attempt: Attempt | null;
  depth: number;
  /** How many rows lie under it; 0: it cannot be folded. */
  inner: number;
  folded: boolean;
}

export interface Wanted {
  text: string;
  failures: boolean;
  folded: ReadonlySet<string>;
}

interface Branch {
  path: string;
  entries: Entry[];
  branches: Map<string, Branch>;
}

export function rowsOf(log: Log, run: RunInfo, wanted: Wanted): Row[] {
  const entries = log.timeline(run).filter((one) => fits(one, wanted));
  const root = rootEntry(log, run);
  const rows: Row[] = [];
  const inner = walk(tree(entries), 1, wanted.folded);
  const folded = wanted.folded.has("");
  rows.push({ key: "", entry: root, attempt: null, depth: 0, inner: inner.length, folded });
  return folded ? rows : rows.concat(inner);
}

/** The row of a key, whatever is folded; that of the run itself, if there is none. */
export function rowAt(log: Log, run: RunInfo, key: string): Row {
  const root: Row = { key: "", entry: rootEntry(log, run), attempt: null, depth: 0, inner: 0, folded: false };
  if (!key) return root;
  const [id = "", attempt] = key.split("!");
  const entry = log.entries.get(id) ?? log.timeline(run).find((one) => one.id === id);
  if (!entry) return key.endsWith("/") ? (rowsOf(log, run, ALL).find((one) => one.key === key) ?? root) : root;
  return { ...root, key, entry, attempt: attempt === undefined ? null : (entry.attempts[Number(attempt)] ?? null) };
}

const ALL: Wanted = { text: "", failures: false, folded: new Set() };

function rootEntry(log: Log, run: RunInfo): Entry {
  const state: State = run.status === "pending" ? "queued" : run.status === "suspended" ? "waiting" : run.status === "blocked" ? "failed" : (run.status as State);
  return {
    kind: "run", id: "", name: run.workflow, state, from: time(run.created_at), to: isOver(run.status) && run.ended_at ? time(run.ended_at) : null,
    until: null, attempts: [], error: log.error, child: null, line: null, positions: [], input: log.input, result: log.result, received: [], remark: "",
  };
}

function fits(entry: Entry, { text, failures }: Wanted): boolean {
  if (failures && !entry.error && entry.state !== "failed" && !entry.attempts.some((one) => one.error || one.lost)) return false;
  if (!text) return true;
  const hay = `${entry.id} ${entry.name} ${entry.line ?? ""} ${entry.error?.message ?? ""} ${entry.child ?? ""} ${hint(entry)}`;
  return hay.toLowerCase().includes(text.toLowerCase());
}

/** Tells steps of one name apart: what is short in their input. */
export function hint({ kind, input, remark }: Entry): string {
  if (kind === "branch") return remark;
  if (typeof input !== "object" || input === null || Array.isArray(input)) return "";
  const values = [...(Array.isArray(input.args) ? input.args : []), ...Object.values((input.kwargs as Fields | undefined) ?? {})];
  return values.filter((one) => one !== null && typeof one !== "object").map((one) => String(one).slice(0, 40)).join(", ").slice(0, 60);
}

function tree(entries: readonly Entry[]): Branch {
  const root: Branch = { path: "", entries: [], branches: new Map() };
  for (const one of entries) {
    let at = root;
    const path = /^(\d+(?:\.\d+)*)\//.exec(one.id)?.[1]?.split(".") ?? [];
    path.forEach((_, n) => {
      const key = path.slice(0, n + 1).join(".");
      let next = at.branches.get(key);
      if (!next) at.branches.set(key, (next = { path: key, entries: [], branches: new Map() }));
      at = next;
    });
    at.entries.push(one);
  }
  return root;
}

function walk(branch: Branch, depth: number, folded: ReadonlySet<string>): Row[] {
  const parts: { from: number; rows: Row[] }[] = branch.entries.map((one) => ({ from: one.from, rows: stepRows(one, depth, folded) }));
  for (const below of branch.branches.values()) {
    const one = straight(below);
    const alone = one.entries.length === 1 && !one.branches.size;
    const inner = alone ? stepRows(one.entries[0]!, depth, folded) : walk(one, depth + 1, folded);
    const rows = alone ? inner : branchRows(one, inner, depth, folded);
    parts.push({ from: inner[0]!.entry.from, rows });
  }
  return parts.sort((a, b) => a.from - b.from).flatMap((one) => one.rows);
}

/** Tasks that only start one other are passed over. */
function straight(branch: Branch): Branch {
  const [only] = branch.branches.values();
  return only && branch.branches.size === 1 && !branch.entries.length ? straight(only) : branch;
}

function branchRows(branch: Branch, inner: Row[], depth: number, folded: ReadonlySet<string>): Row[] {
  const key = `${branch.path}/`;
  const all = inner.map((row) => row.entry);
  const open = all.filter(isOpen);
  const names = [...new Set(all.map((one) => one.name))];
  const entry: Entry = {
    ...all[0]!, kind: "branch", id: key, name: `branch ${branch.path}`, input: undefined, result: undefined, attempts: [], error: null, line: null, positions: [],
    remark: names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : ""),
    from: all.reduce((least, one) => Math.min(least, askedAt(one)), Infinity),
    to: open.length ? null : all.reduce((most, one) => Math.max(most, one.to ?? one.from), 0),
    state: open.length ? (open.every((one) => one.state === "waiting") ? "waiting" : "running") : all.some((one) => one.state === "failed") ? "failed" : "completed",
  };
  const isFolded = folded.has(key);
  const row: Row = { key, entry, attempt: null, depth, inner: inner.length, folded: isFolded };
  return isFolded ? [row] : [row, ...inner];
}

function stepRows(entry: Entry, depth: number, folded: ReadonlySet<string>): Row[] {
  const attempts = entry.attempts.length > 1 ? entry.attempts : [];
  const isFolded = folded.has(entry.id);
  const row: Row = { key: entry.id, entry, attempt: null, depth, inner: attempts.length, folded: isFolded };
  if (isFolded) return [row];
  const inner = attempts.map((attempt, n): Row => ({ key: `${entry.id}!${n}`, entry, attempt, depth: depth + 1, inner: 0, folded: false }));
  return [row, ...inner];
}
