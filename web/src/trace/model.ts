// What the log of a run tells, as entries on a timeline. Pure: from events to records.
import { time } from "../time.ts";
import { isOver, type EventRecord, type Fields, type Json, type RunInfo, type Waiting } from "../types.ts";

export type State = "queued" | "running" | "retrying" | "waiting" | "completed" | "failed" | "cancelled";
export type Kind = "run" | "step" | "wait" | "child" | "hook" | "note" | "branch";

export interface ErrorText {
  name: string;
  message: string;
  traceback: string;
  /** What it was raised from. */
  cause: ErrorText | null;
  /** Those that a group holds. */
  members: ErrorText[];
  /** The position of the log that has all of it, where this is the beginning of what was too long. */
  cutAt: number | null;
}

export interface Attempt {
  number: number;
  /** When it could have begun: before `from`, where there was no room for it, or it lay in a queue. */
  asked: number;
  from: number;
  to: number | null;
  error: ErrorText | null;
  /** It was under way when its worker died or was stopped. */
  lost: boolean;
  retryAt: number | null;
  /** Who makes it; empty if the log does not tell. */
  worker: string;
}

export interface Entry {
  kind: Kind;
  id: string;
  name: string;
  state: State;
  from: number;
  to: number | null;
  until: number | null;
  attempts: Attempt[];
  error: ErrorText | null;
  child: string | null;
  line: string | null;
  positions: number[];
  input: Json | undefined;
  result: Json | undefined;
  received: Json[];
  remark: string;
}

/** What it all began with; of a group, what the first of it did. */
export function rootOf(error: ErrorText): ErrorText {
  const before = error.cause ?? error.members[0];
  return before ? rootOf(before) : error;
}

/** When it was asked for, as far as that is known. */
export const askedAt = (entry: Entry): number => entry.attempts[0]?.asked ?? entry.from;

export const isOpen = (entry: Entry): boolean =>
  entry.state === "queued" || entry.state === "running" || entry.state === "retrying" || entry.state === "waiting";

/** The log as far as it is here. Events are added in their order; one that comes again is left out. */
export class Log {
  readonly events: EventRecord[] = [];
  readonly entries = new Map<string, Entry>();
  input: Json | undefined;
  result: Json | undefined;
  error: ErrorText | null = null;
  reason: string | null = null;
  /** When the last event was recorded. */
  last = 0;
  /** The worker that has the run, by the last attempt that told. */
  #owner = "";
  /** The sleeps and timeouts beside each step that is under way, as it told. */
  #beside = new Map<string, Waiting[]>();

  add(events: readonly EventRecord[]): void {
    for (const one of events) {
      if (one.position !== this.events.length) continue;
      this.events.push(one);
      this.last = time(one.at);
      this.#read(one, this.last);
    }
  }

  /** Where a value of an entry is held whole: `12/result`, for a download. */
  held(positions: readonly number[], field: string): string | undefined {
    const found = positions.findLast((one) => this.events[one]?.data[field] !== undefined);
    return found === undefined ? undefined : `${found}/${field}`;
  }

  /** The entry that has failed last, and what the run has failed with if nobody has caught it. */
  failure(): Entry | undefined {
    return [...this.entries.values()].filter((one) => one.state === "failed").sort((a, b) => (a.to ?? 0) - (b.to ?? 0)).at(-1);
  }

  /** What the run waits for by its row, or beside a step that is under way, but not yet by an event. */
  pending(run: RunInfo): Entry[] {
    if (isOver(run.status)) return [];
    const told = new Map([...run.waiting, ...this.#waitsBeside()].map((one) => [one.id, one]));
    return [...told.values()].filter(({ id }) => !this.entries.has(id)).map((one) => pending(one, this.last));
  }

  /** The entries, and what is pending; in the order of their beginnings. */
  timeline(run: RunInfo): Entry[] {
    const found = [...this.entries.values(), ...this.pending(run)];
    return found.sort((a, b) => a.from - b.from || (a.positions[0] ?? 1e12) - (b.positions[0] ?? 1e12));
  }

  #read(event: EventRecord, at: number): void {
    const { kind, data, position } = event;
    const known = typeof data.id === "string" ? this.entries.get(data.id) : undefined;
    if (known) known.positions.push(position);
    switch (kind) {
      case "run_created":
        this.input = data.input;
        return;
      case "step_started": case "step_retried": case "step_completed": case "step_failed":
        if (data.owner) this.#owner = text(data.owner);
        this.#beside.delete(text(data.id));
        if (Array.isArray(data.waits)) this.#beside.set(text(data.id), data.waits.map((one) => waitOf(one as Fields)));
        return step(known ?? this.#new("step", data, at, position), kind, data, at, text(data.worker) || this.#owner);
      case "wait_completed":
        return assign(this.#new("wait", data, at, position), { from: micros(data.started_at) ?? at, to: at, until: micros(data.deadline), state: "completed" });
      case "child_started":
        return assign(this.#new("child", data, at, position), {
          name: text(data.workflow), child: text(data.run_id), state: data.detached ? "completed" : "running", to: data.detached ? at : null,
          remark: data.detached ? "detached: nobody waits for it" : "",
        });
      case "child_completed": case "child_failed": case "child_cancelled":
        if (known) assign(known, { to: at, state: kind.slice(6) as State, error: errorOf(data.error, position), result: data.result });
        return;
      case "hook_opened":
        return assign(this.#new("hook", data, at, position), { until: micros(data.expires_at), state: "waiting" });
      case "hook_conflicted":
        return assign(this.#new("hook", data, at, position), { to: at, state: "failed", remark: `another run has its token: ${text(data.owner)}` });
      case "hook_received":
        if (known) assign(known, { to: at, state: "completed", received: [...known.received, data.payload ?? null] });
        return;
      case "hook_expired":
        if (known) assign(known, { to: at, state: "cancelled", remark: "expired" });
        return;
      case "hook_disposed":
        if (known) assign(known, { to: known.to ?? at, state: known.received.length ? "completed" : "cancelled" });
        return;
      case "run_completed": case "run_failed": case "run_cancelled":
        return this.#end(data, at, position);
      default:
        this.#note(event, at);
    }
  }

  #note({ kind, data, position }: EventRecord, at: number): void {
    const pairs = data.attributes as Fields | undefined;
    const name = pairs ? `attributes ${Object.entries(pairs).map(([key, value]) => `${key}=${String(value)}`).join(" ")}`
      : kind === "cancel_requested" ? `cancel asked for${data.reason ? `: ${text(data.reason)}` : ""}`
      : kind === "wake_requested" ? "woken: its sleeps end" : kind.replaceAll("_", " ");
    assign(this.#new("note", { ...data, id: `@${position}` }, at, position), { name, to: at, state: "completed" });
    if (kind === "wake_requested") this.#wake(Array.isArray(data.waits) ? data.waits.map((one) => waitOf(one as Fields)) : [], at, position);
  }

  /** A woken sleep has no event of its own: the wake tells which ones the run was suspended in, and a step that is under way those beside it. */
  #wake(waits: Waiting[], at: number, position: number): void {
    for (const one of [...waits, ...this.#waitsBeside().filter(({ id }) => nameOf(id) === "sleep")])
      if (!this.entries.has(one.id)) this.entries.set(one.id, { ...pending(one, at), positions: [position], to: at, state: "completed", remark: "woken before its time" });
  }

  #waitsBeside(): Waiting[] {
    return [...this.#beside.values()].flat().filter((one) => !this.entries.has(one.id));
  }

  #end(data: Fields, at: number, position: number): void {
    this.result = data.result;
    this.error = errorOf(data.error, position);
    this.reason = typeof data.reason === "string" ? data.reason : null;
    for (const one of this.entries.values()) if (isOpen(one)) assign(one, { to: at, state: "cancelled" });
  }

  #new(kind: Kind, data: Fields, from: number, position: number): Entry {
    const id = text(data.id);
    const entry: Entry = {
      kind, id, name: nameOf(id), state: "waiting", from, to: null, until: null, attempts: [], error: null, child: null,
      line: typeof data.line === "string" ? data.line : null, positions: [position], input: undefined, result: undefined, received: [], remark: "",
    };
    this.entries.set(id, entry);
    return entry;
  }
}

function step(entry: Entry, kind: string, data: Fields, at: number, worker: string): void {
  const running = kind === "step_started";
  const from = micros(data.started_at) ?? at;
  const attempt: Attempt = {
    number: Number(data.attempt), asked: from - (micros(data.queued) ?? 0), from, to: running ? null : at,
    error: errorOf(data.error, entry.positions.at(-1)), lost: false, retryAt: micros(data.retry_at), worker,
  };
  const before = entry.attempts
    .filter((one) => one.to !== null || one.lost || one.from !== from)
    .map((one) => (one.to === null ? { ...one, lost: true } : one));
  assign(entry, {
    name: text(data.name), attempts: [...before, attempt], from: before[0]?.from ?? from, error: attempt.error,
    state: running ? "running" : (kind.slice(5).replace("retried", "retrying") as State),
    to: kind === "step_completed" || kind === "step_failed" ? at : null, until: attempt.retryAt,
    input: data.input ?? entry.input, result: data.result, line: typeof data.line === "string" ? data.line : entry.line,
  });
}

/** What an event tells of a wait, as a row does. */
function waitOf(told: Fields): Waiting {
  const moment = (value: Json | undefined) => (typeof value === "number" ? new Date(value / 1000).toISOString() : null);
  const line = typeof told.line === "string" ? told.line : null;
  return { kind: "wait", id: text(told.ref), until: moment(told.until), on: null, line, since: moment(told.since), queue: null };
}

function pending(one: Waiting, since: number): Entry {
  return {
    kind: one.kind, id: one.id, name: one.kind === "step" && one.on ? one.on : nameOf(one.id),
    state: one.kind === "step" ? "queued" : "waiting", from: one.since ? time(one.since) : since, to: null,
    until: one.until ? time(one.until) : null, attempts: [], error: null, child: one.kind === "child" ? one.on : null, line: one.line,
    positions: [], input: undefined, result: undefined, received: [], remark: "",
  };
}

/** `position`: where the log has it. */
export function errorOf(form: Json | undefined, position?: number): ErrorText | null {
  if (typeof form !== "object" || form === null || Array.isArray(form)) return null;
  if (form.$cut !== undefined) return cutError(text(form.head), position ?? null);
  return {
    name: text(form.class).replace(/^builtins:/, "").replace(/^.*:/, ""), message: text(form.message), traceback: text(form.traceback),
    cause: errorOf(form.cause), members: Array.isArray(form.members) ? form.members.flatMap((one) => errorOf(one) ?? []) : [],
    cutAt: null,
  };
}

/** Of an error that was too long, what its beginning tells. */
function cutError(head: string, cutAt: number | null): ErrorText {
  const [, name = "error", message = ""] = /"class":"([^"]*)","message":"((?:[^"\\]|\\.)*)/.exec(head) ?? [];
  return { name: name.replace(/^.*:/, ""), message: `${message.slice(0, 500)}…`, traceback: "", cause: null, members: [], cutAt };
}

const assign = (entry: Entry, more: Partial<Entry>): void => void Object.assign(entry, more);
const text = (value: Json | undefined): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : String(value));
const micros = (value: Json | undefined): number | null => (typeof value === "number" ? value / 1000 : null);
const nameOf = (id: string): string => id.replace(/^.*\//, "").replace(/#\d+$/, "");
